# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A graph of ONNX operators, written down one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

OPSET, IR_VERSION = 18, 9


class OnnxGraph:
    """Takes operators and constants; inputs and values are known by their names.

    Raises:
        ImportError: the package onnx is not installed.
    """

    def __init__(self) -> None:
        """Begin without nodes."""
        import onnx  # noqa: PLC0415 - an optional extra

        self._onnx = onnx
        self.float32, self.float64 = onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._outputs: list[Any] = []
        self._kept: dict[str, str] = {}

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator; the name of its one output."""
        name = f'n{len(self._nodes)}'
        self._nodes.append(self._onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, value: NDArray | np.generic) -> str:
        """Add a constant; its name."""
        name = f'c{len(self._constants)}'
        self._constants.append(self._onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def shape(self, *sides: int) -> str:
        """Add whole numbers: a shape, or axes, or where a slice begins."""
        return self.constant(np.array(sides, np.int64))

    def once(self, name: str, make: Callable[[], str]) -> str:
        """Return a value that several parts need and the first of them makes."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def put_out(self, kind: str, value: str, name: str, shape: Sequence[int],
                **attributes: Any) -> None:
        """Make what a last operator gives an output, float32."""
        helper = self._onnx.helper
        self._nodes.append(helper.make_node(kind, [value], [name], **attributes))
        self._outputs.append(helper.make_tensor_value_info(
            name, self._onnx.TensorProto.FLOAT, list(shape)))

    def serialized(self, input_name: str, shape: Sequence[int]) -> bytes:
        """Return the model with one float32 input."""
        helper = self._onnx.helper
        given = helper.make_tensor_value_info(
            input_name, self._onnx.TensorProto.FLOAT, list(shape))
        made = helper.make_graph(self._nodes, 'made', [given], self._outputs, self._constants)
        return bytes(helper.make_model(
            made, opset_imports=[helper.make_opsetid('', OPSET)],
            ir_version=IR_VERSION).SerializeToString())
