# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The optional package ``onnx``: graphs opened for looking at and changing, never for running."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vpr_ros.errors import ConfigError, ModelError


def onnx_module(purpose: str) -> Any:
    """Import the package ``onnx``.

    Args:
        purpose: what needs it, in the plural, as the beginning of a sentence.

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
            f'{purpose} need the package onnx, which is not installed; run '
            f'`pip install "vpr_ros[onnx]"`'
        ) from error
    return onnx


def load_graph(onnx: Any, path: Path, *, external: bool = True) -> Any:
    """Load a model as ONNX sees it.

    Args:
        onnx: the package.
        path: of the ``.onnx``.
        external: read the weights that lie in other files, too.

    Raises:
        ModelError: the file is no ONNX model.
    """
    try:
        return onnx.load(str(path), load_external_data=external)
    except Exception as error:  # protobuf and onnx raise classes of their own
        raise ModelError(f'{path} is no ONNX model ({error}); export it again') from error


def inner_graphs(node: Any) -> Iterator[Any]:
    """Return the graphs that a node holds: the branches of a condition, the body of a loop."""
    for attribute in node.attribute:
        if attribute.HasField('g'):
            yield attribute.g
        yield from attribute.graphs


def needed_names(graph: Any, outputs: Iterable[str]) -> set[str]:
    """Return the names of all values that some outputs of a graph are made from, and their own."""
    producers = {name: node for node in graph.node for name in node.output}
    needed: set[str] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        if name in producers:
            waiting += _inputs(producers[name])
    return needed


def _inputs(node: Any) -> list[str]:
    """Names that a node reads, those that its branches take from outside among them."""
    names = [name for name in node.input if name]
    for graph in inner_graphs(node):
        names += [output.name for output in graph.output]
        for inner in graph.node:
            names += _inputs(inner)
    return names
