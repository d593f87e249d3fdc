# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A foreign graph as it was found: which input, in which layout and type, of which size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from vpr_ros.errors import ModelError
from vpr_ros.model.onnx_package import inner_graphs, load_graph
from vpr_ros.model.session import first_line

MOST_BYTES = 2**31 - 1  # of one protobuf message
OLDEST_OPSET = 7  # before it, operators broadcast in another way; onnxruntime begins there, too
CHECKPOINTS = ('.pt', '.pth', '.ckpt', '.tar', '.mat', '.safetensors')
SHOWN = 5  # values that a sentence names
SIDES = (16, 8192)  # of an image in pixels, as cards allow


@dataclass(frozen=True)
class Foreign:
    """A graph that takes one image and puts out one descriptor.

    Attributes:
        path: of the file.
        model: the ``onnx.ModelProto``, with all of its weights.
        input_name, output_name: names of the values that count.
        dtype: of the input, a name of NumPy: float32, float16 or uint8.
        channels_first: whether the input is (1, 3, H, W) rather than (1, H, W, 3).
        height, width: of the input in pixels.
    """

    path: Path
    model: Any
    input_name: str
    output_name: str
    dtype: str
    channels_first: bool
    height: int
    width: int

    @property
    def takes_pixels(self) -> bool:
        """Whether the input is the image itself, without preprocessing."""
        return self.dtype == 'uint8'

    @property
    def before(self) -> list[str]:
        """The last values within the graph that lead to its output, the nearest first."""
        return _before(self.model.graph, self.output_name)

    def feed(self, seen: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Return (H, W, 3) as the input that the graph takes."""
        dtype: DTypeLike = self.dtype
        batch = seen[np.newaxis].astype(dtype)
        return {self.input_name: np.ascontiguousarray(
            batch.transpose(0, 3, 1, 2) if self.channels_first else batch)}


def read_foreign(
    onnx: Any, path: Path, *, height: int | None = None, width: int | None = None,
    output: str = '',
) -> Foreign:
    """Read a foreign graph and find out what it takes.

    Args:
        onnx: the package.
        path: of the ``.onnx``; weights in files beside it are taken in.
        height, width: in pixels, where the graph leaves them open.
        output: the name of the descriptor, where there are several outputs, or of any value
            within the graph.

    Raises:
        ModelError: it is no such graph; one sentence says why, and what would help.
    """
    model = _load(onnx, path)
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in weights]
    if len(inputs) != 1:
        named = ', '.join(value.name for value in inputs) or 'none'
        raise ModelError(f'{path.name} has {len(inputs)} inputs ({named}), expected one image; '
                         f'export the network of one image alone')
    dtype, channels_first, sides = _signature(onnx, path, inputs[0])
    found = _size(path, sides, height, width)
    return Foreign(path, model, inputs[0].name, _output(path, graph, output), dtype,
                   channels_first, *found)


def _load(onnx: Any, path: Path) -> Any:
    if not path.is_file():
        raise ModelError(f'{path} is missing; name the .onnx file of the foreign model')
    if path.suffix.lower() in CHECKPOINTS:
        raise ModelError(f'{path} is a checkpoint, no ONNX graph; export it with '
                         f'torch.onnx.export (docs/models.md), or see '
                         f'`python -m training import-checkpoint`')
    if path.stat().st_size > MOST_BYTES:
        raise _too_large(path, path.stat().st_size)
    model = load_graph(onnx, path, external=False)
    if not model.graph.node or not model.graph.output:
        raise ModelError(f'{path} is no ONNX model (it holds no graph); export it again')
    opset = next((i.version for i in model.opset_import if i.domain in ('', 'ai.onnx')), 0)
    if opset < OLDEST_OPSET:
        raise ModelError(f'{path.name} has opset {opset}, expected {OLDEST_OPSET} or later; '
                         f'export it with opset_version=17')
    _take_in_weights(onnx, path, model)
    return model


def _take_in_weights(onnx: Any, path: Path, model: Any) -> None:
    """Read the weights that lie in other files, when they are there and fit into one file."""
    total = path.stat().st_size
    for tensor in _tensors(model.graph):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in tensor.external_data}
        file = path.parent / entries.get('location', '')
        if not file.is_file():
            raise ModelError(f'{path.name} keeps its weights in {entries.get("location")!r}, '
                             f'which is not beside it; copy both files into one folder')
        length = entries.get('length', '')
        total += int(length) if length.isdigit() else file.stat().st_size
    if total > MOST_BYTES:
        raise _too_large(path, total)
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except Exception as error:  # onnx raises classes of its own, for links and paths that lead out
        raise ModelError(f'the weights of {path.name} cannot be taken in ({first_line(error)}); '
                         f'copy both files into one folder') from error


def _tensors(graph: Any) -> Iterator[Any]:
    """Return all weights of a graph, those of its inner graphs among them."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField('t'):
                yield attribute.t
        for inner in inner_graphs(node):
            yield from _tensors(inner)


def _too_large(path: Path, size: int) -> ModelError:
    return ModelError(f'{path.name} has {size / 1e9:.1f} GB with its weights, and one .onnx file '
                      f'holds less than 2.1 GB; export it in float16')


def _signature(onnx: Any, path: Path, value: Any) -> tuple[str, bool, tuple[int, int]]:
    """(type, whether channels come first, (height, width) with 0 for open) of an input."""
    kind = value.type.tensor_type
    types = {onnx.TensorProto.FLOAT: 'float32', onnx.TensorProto.FLOAT16: 'float16',
             onnx.TensorProto.UINT8: 'uint8'}
    if kind.elem_type not in types:
        found = onnx.TensorProto.DataType.Name(kind.elem_type)
        raise ModelError(f'{path.name}: input {value.name!r} is {found}, expected FLOAT, FLOAT16 '
                         f'or UINT8; export it with one of these')
    shape = [max(0, dim.dim_value) for dim in kind.shape.dim]  # 0: open
    shown = f'({", ".join(str(n) if n else "open" for n in shape)})'
    if len(shape) != 4:
        raise ModelError(f'{path.name}: input {value.name!r} has shape {shown}, expected '
                         f'(1, 3, H, W) or (1, H, W, 3)')
    if shape[0] > 1:
        raise ModelError(f'{path.name}: input {value.name!r} has shape {shown}, a batch of '
                         f'{shape[0]}; export it with a batch of 1, or an open one')
    if shape[1] in (0, 3) and (shape[1] == 3 or shape[3] != 3):
        return types[kind.elem_type], True, (shape[2], shape[3])
    if shape[3] in (0, 3):
        return types[kind.elem_type], False, (shape[1], shape[2])
    raise ModelError(f'{path.name}: input {value.name!r} has shape {shown}, which is no image of '
                     f'three channels; expected (1, 3, H, W) or (1, H, W, 3)')


def _size(
    path: Path, fixed: tuple[int, int], height: int | None, width: int | None,
) -> tuple[int, int]:
    found = []
    for name, of_graph, stated in (('height', fixed[0], height), ('width', fixed[1], width)):
        if not of_graph and stated is None:
            raise ModelError(f'{path.name} leaves the {name} of its images open; say to which '
                             f'size images are resized, such as --height 320 --width 320')
        if of_graph and stated not in (None, of_graph):
            raise ModelError(f'--{name} {stated} was given, but {path.name} takes images of '
                             f'{name} {of_graph} alone; leave the option out, or export it anew')
        side = of_graph or int(stated or 0)
        if not SIDES[0] <= side <= SIDES[1]:
            raise ModelError(f'{path.name}: {name} {side} is outside {SIDES[0]}..{SIDES[1]}; '
                             f'choose another')
        found.append(side)
    return found[0], found[1]


def _output(path: Path, graph: Any, wanted: str) -> str:
    names = [value.name for value in graph.output]
    if wanted and not any(wanted in node.output for node in graph.node):
        inner = ', '.join(_before(graph, names[0]))
        raise ModelError(f'{path.name} has no output {wanted!r}; there are: {", ".join(names)}; '
                         f'and within the graph, before {names[0]}: {inner}')
    if not wanted and len(names) > 1:
        raise ModelError(f'{path.name} has {len(names)} outputs; say which is the descriptor with '
                         f'--output, one of: {", ".join(names)}')
    return wanted or names[0]


def _before(graph: Any, output: str) -> list[str]:
    """Go back from an output along the first input of each operator, a few steps."""
    producers = {name: node for node in graph.node for name in node.output}
    found: list[str] = []
    while len(found) < SHOWN and output in producers and producers[output].input:
        output = producers[output].input[0]
        if output in producers:
            found.append(output)
    return found
