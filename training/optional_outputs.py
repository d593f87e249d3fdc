# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Outputs of an exported graph that are computed only when they are wanted.

A run time computes every output of a graph, also those that nobody asked it for. So what only the
patches need goes into the branch of an ``If``, whose condition is a second input that may be left
out: it is true unless false is given. The file holds each weight once.
"""

from __future__ import annotations

from typing import Any

from vpr_ros.model.session import PATCH_SWITCH


def make_patches_optional(model: Any) -> None:
    """Move what ``global`` does not need behind :data:`PATCH_SWITCH`, in place.

    Switched off, the other outputs are zeros of their shape.

    Args:
        model: ONNX ModelProto with the output ``global`` and others of known shape.
    """
    from onnx import helper, TensorProto  # noqa: PLC0415 - only export needs it

    graph = model.graph
    outputs = [output for output in graph.output if output.name != 'global']
    if not outputs:
        return
    always = _needed(graph.node, {'global'})
    branch = [node for node, needed in zip(graph.node, always, strict=True) if not needed]
    rest = [node for node, needed in zip(graph.node, always, strict=True) if needed]
    computed: list[Any] = []
    zeros: list[Any] = []
    shapes: list[Any] = []
    for output in outputs:
        shape = [d.dim_value for d in output.type.tensor_type.shape.dim]
        for kind, infos in (('computed', computed), ('zeros', zeros)):
            infos.append(helper.make_tensor_value_info(
                f'{output.name}.{kind}', TensorProto.FLOAT, shape))
        constant = helper.make_tensor('', TensorProto.INT64, [len(shape)], shape)
        shapes += [
            helper.make_node('Constant', [], [f'{output.name}.shape'], value=constant),
            helper.make_node('ConstantOfShape', [f'{output.name}.shape'],
                             [f'{output.name}.zeros']),
        ]
    renamed = {output.name: f'{output.name}.computed' for output in outputs}
    for node in branch:
        node.output[:] = [renamed.get(name, name) for name in node.output]
        node.input[:] = [renamed.get(name, name) for name in node.input]
    choice = helper.make_node(
        'If', [PATCH_SWITCH], [output.name for output in outputs], name='patches',
        then_branch=helper.make_graph(branch, 'with_patches', [], computed),
        else_branch=helper.make_graph(shapes, 'without_patches', [], zeros),
    )
    del graph.node[:]
    graph.node.extend([*rest, choice])
    graph.input.append(helper.make_tensor_value_info(PATCH_SWITCH, TensorProto.BOOL, []))
    graph.initializer.append(helper.make_tensor(PATCH_SWITCH, TensorProto.BOOL, [], [True]))


def _needed(nodes: Any, names: set[str]) -> list[bool]:
    """For each node, whether one of these values depends on it; nodes in order of execution."""
    wanted, found = set(names), []
    for node in reversed(nodes):
        needed = not wanted.isdisjoint(node.output)
        if needed:
            wanted.update(node.input)
        found.append(needed)
    return found[::-1]
