# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How weights are stored in an exported file: float16, or int8 with one scale a row.

Only storage changes. The graph casts the weights back to float32, which a run time folds away
when it loads the model, so arithmetic stays float32. :func:`stored_value` says what a weight
becomes, so that the torch network can be given the very same numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray

SMALLEST = 1024  # tensors with fewer elements stay float32
INT8_SMALLEST = 1 << 20  # matrices with at least as many elements are stored as int8
STACK = 3  # dimensions of a stack of matrices, which is int8 too: the projection of patches


def quantise_rows(matrix: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
    """float32 (..., m) -> int8 (..., m) and scale float32 (..., 1); matrix is codes * scale."""
    scale = np.abs(matrix).max(-1, keepdims=True) / 127
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return np.clip(np.rint(matrix / scale), -127, 127).astype(np.int8), scale


def storage_of(weight: NDArray[np.generic]) -> str:
    """``float32``, ``float16`` or ``int8``: how a tensor is stored."""
    if weight.dtype != np.float32 or weight.size < SMALLEST:
        return 'float32'
    large = weight.ndim == 2 and weight.size >= INT8_SMALLEST
    return 'int8' if large or weight.ndim == STACK else 'float16'


def stored_value(weight: FloatArray) -> FloatArray:
    """A weight as it comes back from the file: float32, same shape."""
    kind = storage_of(weight)
    if kind == 'float16':
        return weight.astype(np.float16).astype(np.float32)
    if kind == 'int8':
        codes, scale = quantise_rows(weight)
        return codes.astype(np.float32) * scale
    return weight


def compress(model: Any) -> None:
    """Replace the large constants of an ONNX ModelProto by their stored form, in place."""
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - only export needs it

    graph = model.graph
    kept, nodes = [], []
    for tensor in graph.initializer:
        weight = numpy_helper.to_array(tensor)
        kind = storage_of(weight)
        name = tensor.name
        if kind == 'float32':
            kept.append(tensor)
        elif kind == 'float16':
            kept.append(numpy_helper.from_array(weight.astype(np.float16), f'{name}.float16'))
            nodes.append(helper.make_node('Cast', [f'{name}.float16'], [name],
                                          name=f'{name}.restore', to=TensorProto.FLOAT))
        else:
            codes, scale = quantise_rows(weight)
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
