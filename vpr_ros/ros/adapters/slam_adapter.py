# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The executable ``slam_adapter``: runs the node until SIGINT or SIGTERM, ends with 0.

By hand::

    ros2 run vpr_ros slam_adapter --ros-args -p system:=lio_sam
"""

from __future__ import annotations

from collections.abc import Sequence
import sys
from typing import Any

from vpr_ros.ros.executable import run


def main(argv: Sequence[str] | None = None) -> int:
    """Run the node until it is told to end; see :func:`vpr_ros.ros.executable.run`."""
    return run('slam_adapter', _make, argv)


def _make() -> Any:
    from vpr_ros.ros.adapters.node import SlamAdapter  # noqa: PLC0415

    return SlamAdapter()


if __name__ == '__main__':
    sys.exit(main())
