# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Foreign graphs as other projects export them: a convolution, pooling, and a descriptor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import helper, numpy_helper, save_model, TensorProto

HEIGHT, WIDTH, DIM = 32, 48, 16
OPEN = ('batch', 3, 'height', 'width')
KERNEL = np.random.default_rng(1).normal(size=(DIM, 3, 4, 4)).astype(np.float32)
BIAS = np.random.default_rng(2).normal(size=DIM).astype(np.float32)
KINDS = {'float32': TensorProto.FLOAT, 'float16': TensorProto.FLOAT16,
         'uint8': TensorProto.UINT8, 'float64': TensorProto.DOUBLE}


def foreign_model(
    folder: Path, *, name: str = 'foreign', shape: Sequence[int | str] = (1, 3, HEIGHT, WIDTH),
    dtype: str = 'float32', end: Sequence[Any] = (), outputs: Sequence[str] = ('descriptor',),
    opset: int = 17, ir_version: int = 8, input_name: str = 'input', external: bool = False,
    output_type: int = 0,
) -> Path:
    """Write a graph: convolution, ReLU, global average ``pooled`` (1, DIM, 1, 1), and its end.

    Args:
        folder: to write to.
        name: of the file.
        shape: of the input; the channel is where the 3 stands.
        dtype: of input and weights; with uint8 and float64 the graph casts to float32.
        end: nodes from ``pooled`` to the outputs; none flattens it to ``descriptor``.
        outputs: names of the outputs, without shapes, as some exporters leave them.
        opset, ir_version: of the file.
        input_name: of the image.
        output_type: of the outputs, where it is not the input's.
        external: put the weights into ``NAME.onnx.data``.
    """
    channels_first = shape[1] == 3
    inner = 'float16' if dtype == 'float16' else 'float32'
    nodes, value = [], input_name
    if dtype in ('uint8', 'float64'):
        nodes.append(helper.make_node('Cast', [value], ['as_float'], to=TensorProto.FLOAT))
        value = 'as_float'
    if not channels_first:
        nodes.append(helper.make_node('Transpose', [value], ['first'], perm=[0, 3, 1, 2]))
        value = 'first'
    nodes += [
        helper.make_node('Conv', [value, 'kernel', 'bias'], ['features'], strides=[4, 4]),
        helper.make_node('Relu', ['features'], ['positive']),
        helper.make_node('GlobalAveragePool', ['positive'], ['pooled']),
        *(end or [helper.make_node('Flatten', ['pooled'], ['descriptor'], axis=1)]),
    ]
    weights = [numpy_helper.from_array(KERNEL.astype(inner), 'kernel'),
               numpy_helper.from_array(BIAS.astype(inner), 'bias')]
    inputs = [helper.make_tensor_value_info(input_name, KINDS[dtype], list(shape))]
    if ir_version < 4:  # initialisers are inputs, too
        inputs = [helper.make_tensor_value_info(w.name, w.data_type, w.dims)
                  for w in weights] + inputs
    graph = helper.make_graph(
        nodes, name, inputs,
        [helper.make_tensor_value_info(output, output_type or KINDS[inner], None)
         for output in outputs],
        weights)
    model = helper.make_model(graph, opset_imports=[
        helper.make_opsetid('', opset), helper.make_opsetid('made.up', 1)], ir_version=ir_version)
    path = folder / f'{name}.onnx'
    save_model(model, str(path), save_as_external_data=external, size_threshold=0,
               location=f'{name}.onnx.data')
    return path


def descriptor_by_definition(seen: np.ndarray) -> np.ndarray:
    """Describe what the network sees, float (H, W, 3), cell by cell; (DIM,), not normalised."""
    rows, columns = seen.shape[0] // 4, seen.shape[1] // 4
    total = np.zeros(DIM)
    for row in range(rows):
        for column in range(columns):
            cell = seen[4 * row:4 * row + 4, 4 * column:4 * column + 4].astype(np.float64)
            total += np.maximum(
                (KERNEL.astype(np.float64) * cell.transpose(2, 0, 1)).sum((1, 2, 3)) + BIAS, 0)
    return total / (rows * columns)
