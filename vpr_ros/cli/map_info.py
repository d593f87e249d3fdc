# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr map info``: what is in a map, and where its bytes go."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from vpr_ros.place_map import MapInfo


def info_dict(info: MapInfo) -> dict[str, Any]:
    """A map's facts in JSON types."""
    return {k: str(v) if isinstance(v, Path) else v for k, v in asdict(info).items()}
