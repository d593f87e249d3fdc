# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the receiving systems' interfaces where no distribution has them, to be sent over DDS.

    PYTHONPATH=.:test python -m slam.receiver_packages FOLDER
    PYTHONPATH=FOLDER pytest test/slam/test_receivers_over_dds.py

The definitions are those of :mod:`slam.receivers`, built as ``vpr_msgs`` is built with pip; the
generators must be installed (see ``vpr_msgs/pyproject.toml``). It takes a minute a package.
"""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

from helpers import ROOT
from slam.receivers import DEFINITIONS

PACKAGES = (
    'rtabmap_msgs', 'cslam_common_interfaces', 'pose_graph_tools_msgs', 'voxgraph_msgs')


def write(package: str, folder: Path) -> Path:
    """Write the sources of a package; returns their folder."""
    source = folder / 'src' / package
    for name, text in DEFINITIONS.items():
        owner, kind, file = name.split('/')
        if owner != package:
            continue
        lines = [line.strip().replace(f'{package}/', '') for line in text.strip().splitlines()]
        if file.endswith('_Request'):
            kind, file = 'srv', file.removesuffix('_Request')
            lines.append('---')  # an answer without fields
        path = source / kind / f'{file}.{kind}'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('\n'.join(lines) + '\n')
    for name in ('setup.py', 'package.xml'):
        text = (ROOT / 'vpr_msgs' / name).read_text()
        (source / name).write_text(text.replace('vpr_msgs', package).replace(
            'vpr-msgs', package.replace('_', '-')))
    return source


def main() -> None:
    """Build all packages into a folder for PYTHONPATH."""
    folder = Path(sys.argv[1]).resolve()
    for package in sys.argv[2:] or PACKAGES:
        subprocess.run(
            [sys.executable, '-m', 'pip', 'install', '--no-build-isolation', '--no-deps',
             '--no-index', '--target', str(folder), '--upgrade', str(write(package, folder))],
            check=True)


if __name__ == '__main__':
    main()
