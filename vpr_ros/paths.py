# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where the package's own files lie: in a checkout, a pip environment or a colcon workspace."""

from __future__ import annotations

import os
from pathlib import Path
import sys

from vpr_ros.errors import ConfigError


def _candidates() -> list[Path]:
    """Folders that may hold ``models/``, ``config/`` and ``launch/``, nearest first."""
    here = Path(__file__).resolve()
    folders = [here.parents[1]]  # a checkout
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    prefixes += [sys.prefix, *(str(parent) for parent in here.parents)]
    folders += [Path(prefix) / 'share' / 'vpr_ros' for prefix in prefixes]
    return folders


def share_dir(name: str) -> Path:
    """Return the folder ``name`` (``models``, ``config``, ``launch``) of this installation.

    Raises:
        ConfigError: it is not there; the installation is incomplete.
    """
    for folder in _candidates():
        if (folder / name).is_dir():
            return folder / name
    raise ConfigError(
        f'the folder {name!r} of vpr_ros was not found beside the package or under '
        'share/vpr_ros; install the package again (pip install . or colcon build)'
    )
