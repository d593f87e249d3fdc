# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How weights are stored in an exported file: float32, float16, or int8 with one scale a row.

Only storage changes. The graph casts the weights back to float32, which a run time folds away
when it loads the model, so arithmetic stays float32. :func:`stored_value` says what a weight
becomes, so that the torch network can be given the very same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.types import FloatArray

# compact: float16, and int8 for large matrices; float16: all that fits it; float32: as trained
SCHEMES = ('compact', 'float16', 'float32')
SMALLEST = 1024  # tensors with fewer elements stay float32
INT8_SMALLEST = 1 << 20  # matrices with at least as many elements are stored as int8
STACK = 3  # dimensions of a stack of matrices, which is int8 too: the projection of patches
LARGEST_FLOAT16 = 65504.0


def quantise_rows(matrix: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
    """float32 (..., m) -> int8 (..., m) and scale float32 (..., 1); matrix is codes * scale."""
    scale = np.abs(matrix).max(-1, keepdims=True) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8), scale


def storage_of(weight: NDArray[np.generic], scheme: str = 'compact') -> str:
    """``float32``, ``float16`` or ``int8``: how a tensor is stored.

    Position embeddings (1, T, C) stay as they are: they are resized before they are used, and what
    comes of that would be rounded a second time.

    Raises:
        ConfigError: there is no such scheme.
    """
    if scheme not in SCHEMES:
        raise ConfigError(f'no storage named {scheme!r}; known: {", ".join(SCHEMES)}')
    if scheme == 'float32' or weight.dtype != np.float32 or weight.size < SMALLEST:
        return 'float32'
    stack = weight.ndim == STACK and weight.shape[0] > 1
    if weight.ndim == STACK and not stack:
        return 'float32'
    if scheme == 'compact' and (stack or (weight.ndim == 2 and weight.size >= INT8_SMALLEST)):
        return 'int8'
    return 'float16' if float(np.abs(weight).max()) <= LARGEST_FLOAT16 else 'float32'


def stored_value(weight: FloatArray, scheme: str = 'compact') -> FloatArray:
    """Return a weight as it comes back from the file: float32, same shape."""
    kind = storage_of(weight, scheme)
    if kind == 'float16':
        return weight.astype(np.float16).astype(np.float32)
    if kind == 'int8':
        codes, scale = quantise_rows(weight)
        return codes.astype(np.float32) * scale
    return weight


def quantise_exactly(matrix: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
    """As :func:`quantise_rows`, by column where that fits (..., n, m) better.

    An exporter turns some matrices round; they were rounded by row before, and should not be
    rounded again.
    """
    codes, scale = quantise_rows(matrix)
    turned_codes, turned_scale = (
        part.swapaxes(-1, -2) for part in quantise_rows(matrix.swapaxes(-1, -2)))
    error, turned_error = (float(np.abs(c * s - matrix).max())
                           for c, s in ((codes, scale), (turned_codes, turned_scale)))
    if turned_error < error:
        return np.ascontiguousarray(turned_codes), np.ascontiguousarray(turned_scale)
    return codes, scale


def _kind_in_file(weight: NDArray[np.generic], scheme: str) -> str:
    """As :func:`storage_of`, but float16 for what float16 alone holds without another rounding.

    An exporter also reshapes: what was rounded as a matrix may be a stack in its file.
    """
    kind = storage_of(weight, scheme)
    if kind == 'int8' and np.array_equal(weight.astype(np.float16).astype(np.float32), weight):
        return 'float16'
    return kind


def compress(model: Any, scheme: str = 'compact') -> None:
    """Replace the large constants of an ONNX ModelProto by their stored form, in place."""
    from onnx import helper, numpy_helper, TensorProto  # noqa: PLC0415 - only export needs it

    graph = model.graph
    kept, nodes = [], []
    for tensor in graph.initializer:
        weight = numpy_helper.to_array(tensor)
        kind = _kind_in_file(weight, scheme)
        name = tensor.name
        if kind == 'float32':
            kept.append(tensor)
        elif kind == 'float16':
            kept.append(numpy_helper.from_array(weight.astype(np.float16), f'{name}.float16'))
            nodes.append(helper.make_node('Cast', [f'{name}.float16'], [name],
                                          name=f'{name}.restore', to=TensorProto.FLOAT))
        else:
            codes, scale = quantise_exactly(weight)
            kept.append(numpy_helper.from_array(codes, f'{name}.int8'))
            kept.append(numpy_helper.from_array(scale, f'{name}.scale'))
            nodes.append(helper.make_node('Cast', [f'{name}.int8'], [f'{name}.codes'],
                                          name=f'{name}.cast', to=TensorProto.FLOAT))
            nodes.append(helper.make_node('Mul', [f'{name}.codes', f'{name}.scale'], [name],
                                          name=f'{name}.restore'))
    rest = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes + rest)
