# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A foreign graph between an image and a unit descriptor.

Only operators whose inputs and attributes are the same in every opset from 7 on are added, so that
the graph keeps its own; constants are nodes, for graphs older than IR version 4 as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.model.importing.foreign import Foreign
from vpr_ros.model.importing.preprocessing import Preprocessing
from vpr_ros.model.onnx_package import inner_graphs, needed_names

INPUT, OUTPUT = 'image', 'global'
SHORTEST = 1e-12  # a descriptor of length 0 stays 0


def wrap(
    onnx: Any, foreign: Foreign, preprocessing: Preprocessing, dim: int, *, normalise: bool,
) -> Any:
    """Return the graph in the package's form, as an ``onnx.ModelProto``.

    Args:
        onnx: the package.
        foreign: the graph as it was found; it stays as it is.
        preprocessing: what the network wants to see; ignored where it takes the pixels.
        dim: of the descriptor.
        normalise: whether its length has still to be made 1.
    """
    model = onnx.ModelProto()
    model.CopyFrom(foreign.model)
    graph = model.graph
    _prune(graph, foreign)
    taken = _names(graph)
    entry, result = _free('vpr_input', taken), _free('vpr_output', taken)
    renamed = {foreign.input_name: entry, foreign.output_name: result}
    renamed |= {name: _free(f'vpr_{name}', taken) for name in (INPUT, OUTPUT)
                if name in taken and name not in renamed}
    _rename(graph, renamed)
    new = _Nodes(onnx, taken)
    new.before(foreign, preprocessing, entry)
    own = list(graph.node)
    split = len(new.nodes)
    new.after(result, normalise=normalise)
    nodes = [*new.nodes[:split], *own, *new.nodes[split:]]
    del graph.node[:], graph.value_info[:], graph.output[:]
    graph.node.extend(nodes)
    others = [value for value in graph.input if value.name != entry]
    del graph.input[:]
    helper, types = onnx.helper, onnx.TensorProto
    graph.input.extend([
        helper.make_tensor_value_info(
            INPUT, types.UINT8, [1, foreign.height, foreign.width, 3]), *others])
    graph.output.extend([helper.make_tensor_value_info(OUTPUT, types.FLOAT, [1, dim])])
    return model


def _prune(graph: Any, foreign: Foreign) -> None:
    """Leave out what only other outputs need."""
    needed = needed_names(graph, [foreign.output_name]) | {foreign.input_name}
    for field, wanted in (
        (graph.node, lambda node: needed & set(node.output)),
        (graph.initializer, lambda tensor: tensor.name in needed),
        (graph.sparse_initializer, lambda tensor: tensor.values.name in needed),
        (graph.input, lambda value: value.name in needed),
    ):
        kept = [item for item in field if wanted(item)]
        del field[:]
        field.extend(kept)


def _names(graph: Any) -> set[str]:
    """Names of all values and nodes of a graph and of those within it."""
    found = {value.name for value in (*graph.input, *graph.output, *graph.initializer)}
    found |= {tensor.values.name for tensor in graph.sparse_initializer}
    for node in graph.node:
        found |= {node.name, *node.input, *node.output}
        for inner in inner_graphs(node):
            found |= _names(inner)
    return found


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no value has, and take it."""
    while name in taken:
        name += '_'
    taken.add(name)
    return name


def _rename(graph: Any, names: dict[str, str]) -> None:
    """Give values other names, everywhere: branches read the values of the graph around them."""
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for tensor in graph.sparse_initializer:
        tensor.values.name = names.get(tensor.values.name, tensor.values.name)
    for annotation in graph.quantization_annotation:
        annotation.tensor_name = names.get(annotation.tensor_name, annotation.tensor_name)
    for node in graph.node:
        for field in (node.input, node.output):
            for position, name in enumerate(field):
                field[position] = names.get(name, name)
        for inner in inner_graphs(node):
            _rename(inner, names)


class _Nodes:
    """The nodes that are added, in their order."""

    def __init__(self, onnx: Any, taken: set[str]) -> None:
        self._onnx, self._taken = onnx, taken
        self.nodes: list[Any] = []

    def before(self, foreign: Foreign, preprocessing: Preprocessing, entry: str) -> None:
        """Lead from ``image`` to what the network takes."""
        value = INPUT
        if preprocessing.color == 'bgr':
            order = self._constant(np.array([2, 1, 0], np.int64))
            value = self._op('Gather', value, order, axis=3)
        if foreign.channels_first:  # while a pixel is one byte
            value = self._op('Transpose', value, perm=[0, 3, 1, 2])
        if not foreign.takes_pixels:
            shape = (1, 3, 1, 1) if foreign.channels_first else (1, 1, 1, 3)
            value = self._op('Cast', value, to=self._onnx.TensorProto.FLOAT)
            value = self._op('Sub', value, self._constant(preprocessing.offset.reshape(shape)))
            value = self._op('Mul', value, self._constant(preprocessing.factor.reshape(shape)))
            if foreign.dtype == 'float16':
                value = self._op('Cast', value, to=self._onnx.TensorProto.FLOAT16)
        self._op('Identity', value, output=entry)

    def after(self, result: str, *, normalise: bool) -> None:
        """Lead from what the network puts out to ``global``, float32 (1, D)."""
        value = self._op('Cast', result, to=self._onnx.TensorProto.FLOAT)
        if not normalise:
            self._op('Flatten', value, output=OUTPUT, axis=0)
            return
        row = self._op('Flatten', value, axis=0)
        column = self._op('Transpose', row, perm=[1, 0])
        length = self._op('Sqrt', self._op('MatMul', row, column))
        shortest = self._constant(np.full((1, 1), SHORTEST, np.float32))
        self._op('Div', row, self._op('Max', length, shortest), output=OUTPUT)

    def _op(self, kind: str, *inputs: str, output: str = '', **attributes: Any) -> str:
        name = output or _free(f'vpr_{kind}'.lower(), self._taken)
        self.nodes.append(self._onnx.helper.make_node(
            kind, inputs, [name], name=_free(f'vpr_node_{kind}'.lower(), self._taken),
            **attributes))
        return name

    def _constant(self, value: NDArray[Any]) -> str:
        return self._op('Constant', value=self._onnx.numpy_helper.from_array(value))
