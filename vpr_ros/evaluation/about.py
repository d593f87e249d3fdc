# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""With what a result was made: versions, machine, model."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
import os
import platform
from typing import Any

from vpr_ros import __version__
from vpr_ros.model import Model

RESULT_FORMAT = 1  # of every result file; readers refuse a newer one
_PACKAGES = ('numpy', 'onnxruntime', 'onnxruntime-gpu', 'faiss-cpu', 'opencv-python-headless')


def about(model: Model) -> dict[str, Any]:
    """Versions of what matters, the machine, and the model as it really ran."""
    versions = {'vpr_ros': __version__, 'python': platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        'versions': versions,
        'machine': {'system': platform.platform(), 'cpus': os.cpu_count(),
                    'processor': _processor()},
        'model': {'name': model.card.name, 'sha256': model.card.sha256,
                  'global_dim': model.card.global_dim, 'provider': model.provider},
    }


def _processor() -> str:
    try:
        with open('/proc/cpuinfo', encoding='utf-8') as stream:
            for line in stream:
                if line.startswith('model name'):
                    return line.split(':', 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
