# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One version, wherever it is written, and the same wheels to build and to run."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from helpers import ROOT
from setup_scripts import constant

import vpr_ros


def test_the_version_is_the_same_everywhere() -> None:
    changelog = (ROOT / 'CHANGELOG.rst').read_text(encoding='utf-8')
    newest = re.search(r'^(\d+\.\d+\.\d+) \(.+\)\n-+$', changelog, re.MULTILINE)
    assert newest
    versions = {'vpr_ros': vpr_ros.__version__, 'CHANGELOG.rst': newest[1]}
    for folder in ('', 'vpr_msgs/'):
        root = ElementTree.parse(ROOT / f'{folder}package.xml').getroot()
        versions[f'{folder}package.xml'] = root.findtext('version') or ''
        versions[f'{folder}setup.py'] = constant(f'{folder}setup.py', 'VERSION')
    assert set(versions.values()) == {vpr_ros.__version__}, versions


def pinned(text: str) -> dict[str, str]:
    """Wheel of a ROS package -> version, from a text with ``"ros-NAME==VERSION"`` in it."""
    return dict(re.findall(r"""["'](ros-[a-z-]+)(?:\[\w+\])?==([\d.]+)["']""", text))


def test_interfaces_run_with_the_wheels_that_built_them() -> None:
    needed: dict[str, str] = {}
    for name in ('DEPENDENCIES', 'RUNTIME'):
        needed |= constant('vpr_msgs/setup.py', name)
    wheels = {f'ros-{name.replace("_", "-")}': version for name, version in needed.items()}
    built = pinned((ROOT / 'vpr_msgs' / 'pyproject.toml').read_text(encoding='utf-8'))
    assert wheels.items() <= built.items()


def test_vpr_ros_asks_for_the_wheels_that_vpr_msgs_was_built_with() -> None:
    built = pinned((ROOT / 'vpr_msgs' / 'pyproject.toml').read_text(encoding='utf-8'))
    asked = pinned((ROOT / 'setup.py').read_text(encoding='utf-8'))
    common = built.keys() & asked.keys()
    assert {'ros-std-msgs', 'ros-sensor-msgs', 'ros-geometry-msgs'} <= common
    assert {name: asked[name] for name in common} == {name: built[name] for name in common}
