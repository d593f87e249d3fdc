# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Opens an exported file in ONNX Runtime, to compare it with torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WARNINGS_OFF = 3  # that the switch of the patches is an input with a value is meant so


def open_session(path: Path, threads: int = 1) -> Any:
    """Open a file on the CPU: an ``onnxruntime.InferenceSession``."""
    import onnxruntime  # noqa: PLC0415 - only where an exported model is run

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = WARNINGS_OFF
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
