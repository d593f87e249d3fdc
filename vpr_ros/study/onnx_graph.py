# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX graphs opened for counting and changing; needs the optional package ``onnx``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vpr_ros.model import onnx_package
from vpr_ros.model.onnx_package import needed_names


def onnx_module() -> Any:
    """Import the package ``onnx``.

    Raises:
        ConfigError: it is not installed.
    """
    return onnx_package.onnx_module('GFLOPs, other resolutions and other precisions')


def load_graph(path: Path) -> Any:
    """Load a model as ONNX sees it.

    Raises:
        ModelError: the file is no ONNX model.
    """
    return onnx_package.load_graph(onnx_module(), path)


def only_global(model: Any) -> Any:
    """Return the model with the output ``global`` alone, without what only others need."""
    onnx = onnx_module()
    graph = model.graph
    needed = needed_names(graph, ['global'])
    nodes = [node for node in graph.node if needed & set(node.output)]
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    halves = {t.name for t in weights if t.data_type == onnx.TensorProto.FLOAT16}
    weights = [_full_precision(onnx, tensor) for tensor in weights]
    pruned = onnx.helper.make_graph(
        _without_casts(onnx, nodes, halves), graph.name,
        [i for i in graph.input if i.name in needed],
        [o for o in graph.output if o.name == 'global'], weights)
    result = onnx.helper.make_model(
        pruned, opset_imports=model.opset_import, ir_version=model.ir_version)
    return result


def _full_precision(onnx: Any, tensor: Any) -> Any:
    """Weights that are stored as float16, as the float32 that the graph computes with."""
    if tensor.data_type != onnx.TensorProto.FLOAT16:
        return tensor
    array = onnx.numpy_helper.to_array(tensor).astype('float32')
    return onnx.numpy_helper.from_array(array, tensor.name)


def _without_casts(onnx: Any, nodes: list[Any], halves: set[str]) -> list[Any]:
    """Leave out casts of half precision weights, which are float32 by now."""
    renamed, kept = {}, []
    for node in nodes:
        to_float = node.op_type == 'Cast' and node.input[0] in halves and any(
            a.name == 'to' and a.i == onnx.TensorProto.FLOAT for a in node.attribute)
        if to_float:
            renamed[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    for node in kept:
        for position, name in enumerate(node.input):
            node.input[position] = renamed.get(name, name)
    return kept
