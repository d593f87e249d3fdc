# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Operations of one description, counted in the ONNX graph.

As the benchmark counts: a multiplication and an addition are two operations, and only
convolutions and matrix products count. (Its VGG-16 at 480 x 640 has 188 GFLOPs.) Patches are left
out: it is the global descriptor that is counted.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from vpr_ros.errors import ModelError
from vpr_ros.study.onnx_graph import load_graph, only_global, onnx_module

_COUNTED = ('Conv', 'ConvTranspose', 'Gemm', 'MatMul', 'QLinearConv', 'QLinearMatMul',
            'ConvInteger', 'MatMulInteger')


def gflops(path: Path) -> float:
    """Return the GFLOPs of one image.

    Args:
        path: an ``.onnx`` with a fixed input shape and an output ``global``.

    Raises:
        ConfigError: the package onnx is missing.
        ModelError: a shape in the graph cannot be found out.
    """
    return count(only_global(load_graph(path))) / 1e9


def count(model: Any) -> int:
    """Floating point operations of a graph with fixed shapes."""
    onnx = onnx_module()
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes[value.name] = tuple(d.dim_value if d.HasField('dim_value') else None for d in dims)
    for node in graph.node:
        if node.op_type == 'Constant':
            for attribute in node.attribute:
                if attribute.name == 'value':
                    shapes[node.output[0]] = tuple(attribute.t.dims)
    return sum(_node(node, shapes) for node in graph.node if node.op_type in _COUNTED)


def _node(node: Any, shapes: dict[str, tuple[int | None, ...]]) -> int:
    kind = node.op_type
    weight = node.input[3 if kind.startswith('QLinear') else 1]
    output, first = _shape(node, node.output[0], shapes), node.input[0]
    if kind in ('Conv', 'QLinearConv', 'ConvInteger'):
        # each output takes kernel x input channels of its group
        return 2 * math.prod(output) * math.prod(_shape(node, weight, shapes)[1:])
    if kind == 'ConvTranspose':
        return 2 * math.prod(_shape(node, first, shapes)) * math.prod(
            _shape(node, weight, shapes)[1:])
    inner = _shape(node, first, shapes)
    transposed = any(a.name == 'transA' and a.i for a in node.attribute)
    return 2 * math.prod(output) * (inner[0] if transposed else inner[-1])


def _shape(
    node: Any, name: str, shapes: dict[str, tuple[int | None, ...]]
) -> tuple[int, ...]:
    shape = shapes.get(name)
    if shape is None or any(length is None for length in shape):
        raise ModelError(f'the shape of {name!r}, at the operator {node.op_type}, cannot be found '
                         f'out without running the model; export it with fixed shapes')
    return tuple(int(length) for length in shape if length is not None)
