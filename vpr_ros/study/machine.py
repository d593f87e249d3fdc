# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""On what and with what a cell was measured."""

from __future__ import annotations

from collections.abc import Mapping
import os
from typing import Any

from vpr_ros.evaluation.about import about
from vpr_ros.model import Model


def measured_on(model: Model | None, *, processes: int) -> dict[str, Any]:
    """Versions, machine and load, for the cell's file.

    Args:
        model: the model as it ran, or None where there was none.
        processes: how many processes measured at the same time.
    """
    facts: Mapping[str, Any] = about(model) if model is not None else about_machine()
    return {**facts, 'processes': processes, 'load_average': round(os.getloadavg()[0], 2)}


def about_machine() -> dict[str, Any]:
    """Return the same without a model."""
    import platform  # noqa: PLC0415

    import faiss  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    from vpr_ros import __version__  # noqa: PLC0415

    return {
        'versions': {'vpr_ros': __version__, 'python': platform.python_version(),
                     'numpy': np.__version__, 'faiss-cpu': faiss.__version__},
        'machine': {'system': platform.platform(), 'cpus': os.cpu_count()},
    }
