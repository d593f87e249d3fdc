# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a foreign graph answers: run on a few images by onnxruntime, and refused where useless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ModelError
from vpr_ros.model.importing.foreign import Foreign
from vpr_ros.model.importing.preprocessing import Preprocessing
from vpr_ros.model.session import CPU, first_line, onnxruntime_module, session_options
from vpr_ros.types import FloatArray, ImageArray

MOST_NUMBERS = 65536  # of a descriptor, as cards allow
KNOWN_DOMAINS = ('', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft')  # of onnxruntime's operators
SAME = 1e-4  # two descriptors of length 1 that are nearer than this are one


def probe_images(height: int, width: int) -> list[ImageArray]:
    """Make four images that are not alike: coarse and fine patterns, noise, a ramp.

    Returns:
        uint8 (height, width, 3) RGB each, the same in every run.
    """
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (height, width, 3), np.uint8)
    patterns = [cv2.resize(rng.integers(0, 256, (rows, rows + 2, 3), np.uint8), (width, height),
                           interpolation=cv2.INTER_LINEAR) for rows in (4, 24)]
    across = np.linspace(0, 255, width)[np.newaxis, :, np.newaxis]
    down = np.linspace(1, 0.2, height)[:, np.newaxis, np.newaxis]
    ramp = (across * down * np.array([1.0, 0.7, 0.3])).astype(np.uint8)
    return [*patterns, noise, ramp]


def answers(
    foreign: Foreign, preprocessing: Preprocessing, images: Sequence[ImageArray],
) -> FloatArray:
    """Describe images by the foreign graph, preprocessed in NumPy.

    Args:
        foreign: the graph.
        preprocessing: what it wants to see; ignored where it takes the pixels.
        images: uint8 (H, W, 3) RGB, of the graph's size.

    Returns:
        float32 (n, D), as the graph gives them: not of length 1 yet, maybe.

    Raises:
        ModelError: onnxruntime cannot run it, or no descriptor comes out.
    """
    run = _session(foreign)
    found = []
    for image in images:
        seen: NDArray[Any] = preprocessing.apply(image)
        if foreign.takes_pixels:
            seen = image[..., ::-1] if preprocessing.color == 'bgr' else image
        found.append(_row(foreign, run(foreign.feed(seen))))
    rows = np.stack(found)
    again = _row(foreign, run(foreign.feed(seen)))
    if not np.isfinite(rows).all():
        raise ModelError(f'{foreign.path.name} puts out values that are not finite; check mean, '
                         f'std and scale, and export it in float32 if it is float16')
    units = unit_rows(rows)
    if np.linalg.norm(units - units[0], axis=1).max() < SAME:
        raise ModelError(f'{foreign.path.name} describes all images alike; check mean, std and '
                         f'scale, and whether output {foreign.output_name!r} is its descriptor')
    if np.linalg.norm(unit_rows(again[np.newaxis])[0] - units[-1]) > SAME:
        raise ModelError(f'{foreign.path.name} describes one image in two ways; export it in '
                         f'evaluation mode, without dropout')
    return rows


def unit_rows(rows: FloatArray) -> FloatArray:
    """Return rows of length 1; those of length 0 stay."""
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
    return (rows / np.maximum(lengths, 1e-12)).astype(np.float32)


def _session(foreign: Foreign) -> Any:
    """Return what runs the graph: feed -> output."""
    ort = onnxruntime_module()
    try:
        session = ort.InferenceSession(_source(foreign), session_options(ort, 0), providers=[CPU])
    except Exception as error:  # onnxruntime raises its own unrelated classes
        raise ModelError(
            f'onnxruntime cannot load {foreign.path.name} ({first_line(error)}); '
            f'{_remedy(foreign)}') from error

    def run(feed: dict[str, NDArray[Any]]) -> Any:
        try:
            return session.run([foreign.output_name], feed)[0]
        except Exception as error:  # onnxruntime raises its own unrelated classes
            raise ModelError(
                f'onnxruntime cannot run {foreign.path.name} on an image of '
                f'{foreign.width}x{foreign.height} ({first_line(error)}); give the size '
                f'that it was exported with, or export it with this one') from error

    return run


def _source(foreign: Foreign) -> str | bytes:
    """Return the file itself, or the graph with a value from within it as an output."""
    if foreign.output_name in {value.name for value in foreign.model.graph.output}:
        return str(foreign.path)
    model = type(foreign.model)()
    model.CopyFrom(foreign.model)
    model.graph.output.add().name = foreign.output_name
    return bytes(model.SerializeToString())


def _remedy(foreign: Foreign) -> str:
    """Say what helps where a graph cannot be loaded."""
    own = {(function.domain, function.name) for function in foreign.model.functions}
    custom = sorted({f'{node.domain}::{node.op_type}' for node in foreign.model.graph.node
                     if node.domain not in KNOWN_DOMAINS
                     and (node.domain, node.op_type) not in own})
    if custom:
        return f'export it without custom operators ({", ".join(custom[:3])})'
    return 'export it again with opset_version=17'


def _row(foreign: Foreign, value: Any) -> FloatArray:
    """Return (D,) from what the graph put out."""
    shape = np.shape(value)
    if not _is_descriptor(shape) or not isinstance(value, np.ndarray) or value.dtype.kind != 'f':
        kind = value.dtype if isinstance(value, np.ndarray) else type(value).__name__
        raise ModelError(
            f'{foreign.path.name}: output {foreign.output_name!r} is {kind} {shape}, expected one '
            f'descriptor of float32 or float16, (1, D), (1, D, 1, 1) or (D); end the network in '
            f'its pooling, or choose another --output')
    if value.size > MOST_NUMBERS:
        raise ModelError(f'{foreign.path.name}: the descriptor has {value.size} numbers, at most '
                         f'{MOST_NUMBERS} are taken; end the network in a pooling')
    return value.reshape(-1).astype(np.float32)


def _is_descriptor(shape: tuple[int, ...]) -> bool:
    """Whether a shape is (D,), (1, D) or (1, D, 1, 1)."""
    if len(shape) == 1:
        return shape[0] > 0
    return len(shape) in (2, 4) and shape[0] == 1 and shape[1] > 0 and set(shape[2:]) <= {1}
