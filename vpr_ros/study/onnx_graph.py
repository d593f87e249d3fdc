# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX graphs opened for counting and changing; needs the optional package ``onnx``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vpr_ros.errors import ConfigError, ModelError


def onnx_module() -> Any:
    """Import the package ``onnx``.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import onnx  # noqa: PLC0415 - nothing on the robot needs it
        import onnx.helper  # noqa: PLC0415
        import onnx.numpy_helper  # noqa: PLC0415
        import onnx.shape_inference  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            'GFLOPs, other resolutions and other precisions need the package onnx, which is not '
            'installed; run `pip install onnx`'
        ) from error
    return onnx


def load_graph(path: Path) -> Any:
    """Load a model as ONNX sees it.

    Raises:
        ModelError: the file is no ONNX model.
    """
    onnx = onnx_module()
    try:
        return onnx.load(str(path))
    except Exception as error:  # protobuf and onnx raise classes of their own
        raise ModelError(f'{path} is no ONNX model ({error}); export it again') from error


def only_global(model: Any) -> Any:
    """Return the model with the output ``global`` alone, without what only others need."""
    onnx = onnx_module()
    graph = model.graph
    producers = {name: node for node in graph.node for name in node.output}
    needed: set[str] = set()
    waiting = ['global']
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        if name in producers:
            waiting += _inputs(producers[name])
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


def _inputs(node: Any) -> list[str]:
    """Names that a node reads, those that its branches take from outside among them."""
    names = [name for name in node.input if name]
    for attribute in node.attribute:
        for graph in [attribute.g, *attribute.graphs]:
            for inner in graph.node:
                names += _inputs(inner)
    return names


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
