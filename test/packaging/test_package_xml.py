# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the sources import is declared, for rosdep in package.xml and for pip in setup.py."""

from __future__ import annotations

import ast
import re
import sys
from xml.etree import ElementTree

from helpers import ROOT
import pytest
from setup_scripts import constant

# module -> (rosdep key, pip requirement) where the names differ
PYTHON = {
    'cv2': ('python3-opencv', 'opencv-python-headless'),
    'faiss': ('python3-faiss', 'faiss-cpu'),
    'numpy': ('python3-numpy', 'numpy'),
    'onnxruntime': ('python3-onnxruntime-pip', 'onnxruntime'),
    'rosbags': ('python3-rosbags-pip', 'rosbags'),
    'tqdm': ('python3-tqdm', 'tqdm'),
    'yaml': ('python3-yaml', 'pyyaml'),
}
# Imported only inside functions that say in one sentence what is missing, or where ROS has it.
OPTIONAL = {'onnx', 'scipy', 'matplotlib', 'cv_bridge', 'tf2_ros'}
# On a distribution only: the wheels come without them.
NOT_A_WHEEL = {'diagnostic_updater', 'launch', 'launch_ros', 'ament_index_python', 'ros2launch'}


def imported_packages(*folders: str) -> set[str]:
    """Top-level names of everything that is imported and not of Python or the project itself."""
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
                if isinstance(node, ast.Import):
                    found.update(alias.name.split('.')[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    found.add((node.module or '').split('.')[0])
    return found - set(sys.stdlib_module_names) - {'vpr_ros', '__future__'}


def dependencies(path: str, *tags: str) -> set[str]:
    """Text of the given tags of a package.xml."""
    root = ElementTree.parse(ROOT / path).getroot()
    return {(node.text or '').strip() for tag in tags for node in root.findall(tag)}


def is_ros(module: str) -> bool:
    """Whether a module is a package of ROS, whose rosdep key is its name."""
    ros = {'rclpy', 'diagnostic_updater', 'launch', 'launch_ros', 'ament_index_python',
           'cv_bridge'}
    return module in ros or module.endswith(('_msgs', '_srvs', '_interfaces'))


@pytest.mark.parametrize('path', ['package.xml', 'vpr_msgs/package.xml'])
def test_package_xml_is_complete(path: str) -> None:
    root = ElementTree.parse(ROOT / path).getroot()
    assert root.tag == 'package'
    assert root.get('format') == '3'
    for tag in ('name', 'version', 'description', 'maintainer', 'license', 'export/build_type'):
        assert (root.findtext(tag) or '').strip(), tag
    assert root.findtext('license') == 'Apache-2.0'
    assert all(re.fullmatch(r'\S+@\S+', maintainer.get('email', ''))
               for maintainer in root.iter('maintainer'))


def test_everything_imported_is_known() -> None:
    unknown = imported_packages('vpr_ros', 'launch') - OPTIONAL - PYTHON.keys()
    assert not {module for module in unknown if not is_ros(module)}


def test_rosdep_installs_everything_imported() -> None:
    declared = dependencies('package.xml', 'depend', 'exec_depend')
    modules = imported_packages('vpr_ros', 'launch') - OPTIONAL
    needed = {PYTHON[module][0] if module in PYTHON else module for module in modules}
    assert 'python3-numpy' in needed
    assert not needed - declared


def test_pip_installs_everything_imported() -> None:
    extras = constant('setup.py', 'EXTRAS')
    requirements = [*constant('setup.py', 'REQUIRES'), *extras['cpu'], *extras['ros']]
    required = {re.split(r'[^a-z0-9-]', requirement)[0] for requirement in requirements}
    modules = imported_packages('vpr_ros', 'launch') - OPTIONAL - NOT_A_WHEEL - {'vpr_msgs'}
    # these two come with the wheel of rclpy
    modules -= {'lifecycle_msgs', 'rcl_interfaces', 'builtin_interfaces', 'rosgraph_msgs'}
    needed = {
        PYTHON[module][1] if module in PYTHON else f'ros-{module.replace("_", "-")}'
        for module in modules
    }
    assert 'numpy' in needed
    assert not needed - required


def test_interfaces_declare_the_packages_whose_types_they_use() -> None:
    used = set()
    for kind in ('msg', 'srv', 'action'):
        for path in (ROOT / 'vpr_msgs' / kind).glob(f'*.{kind}'):
            used |= set(re.findall(r'^(\w+)/\w+(?:\[\])? ', path.read_text(), re.MULTILINE))
    used -= {'vpr_msgs'}
    declared = dependencies('vpr_msgs/package.xml', 'depend')
    cmake = (ROOT / 'vpr_msgs' / 'CMakeLists.txt').read_text(encoding='utf-8')
    assert {'std_msgs', 'sensor_msgs', 'geometry_msgs', 'builtin_interfaces'} <= used <= declared
    for package in declared:
        assert f'find_package({package} REQUIRED)' in cmake
