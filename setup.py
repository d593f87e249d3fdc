# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ament_python package vpr_ros, built by colcon or by pip.

Both put the package index entry, launch files, configuration and models below share/, where ROS
looks for them. ``ros2 run`` and ``ros2 launch`` look for executables in lib/vpr_ros: colcon puts
them there because setup.cfg says so, and for pip, which does not read that, they are written here.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from setuptools import find_packages, setup

PACKAGE = 'vpr_ros'
VERSION = '0.1.0'
SHARE = f'share/{PACKAGE}'

# executable for ros2 run and ros2 launch -> module:function
NODES = {
    'place_recognition': 'vpr_ros.ros.place_recognition:main',
    'slam_adapter': 'vpr_ros.ros.adapters.slam_adapter:main',
}
# command for the shell; ros2 run finds it as well. pip writes bin/vpr, colcon copies this one.
COLCON_BIN = ('bin', ['resource/bin/vpr'])
COMMANDS = {
    'vpr': 'vpr_ros.cli.main:main',
}

REQUIRES = [
    'setuptools',
    'numpy>=1.21',
    # a robot has no display, and the wheel that can open windows needs libGL
    'opencv-python-headless>=4.5',
    'faiss-cpu>=1.7.2',
    'pyyaml>=5.4',
    'rosbags>=0.10',
    'tqdm>=4.57',
]
EXTRAS = {
    # One of these two: both hold the module onnxruntime, and the second would overwrite the first.
    'cpu': ['onnxruntime>=1.17'],
    'gpu': ['onnxruntime-gpu>=1.17'],
    # ROS 2 as wheels, where no distribution is installed. vpr_msgs is built from this repository:
    # pip install ./vpr_msgs
    'ros': [
        'ros-rclpy[fastrtps]==9.1.2',
        'ros-diagnostic-msgs==5.5.1',
        'ros-geometry-msgs==5.5.1',
        'ros-nav-msgs==5.5.1',
        'ros-sensor-msgs==5.5.1',
        'ros-std-msgs==5.5.1',
        'ros-std-srvs==5.5.1',
        'ros-visualization-msgs==5.5.1',
    ],
    # For robots that share a map (docs/fleet.md): the client of Milvus, and Milvus Lite, the
    # embedded server. About 80 MB, most of it Apache Arrow.
    'fleet': ['pymilvus>=3.0', 'milvus-lite>=3.2'],
    # For data sets whose ground truth is a MATLAB file.
    'datasets': ['scipy'],
    # For tools that read and change model graphs: `vpr model import`, `vpr study`.
    'onnx': ['onnx>=1.16'],
    # The version of torch with which the training was tested. torchvision is only needed to start
    # from its pretrained backbones.
    # Nothing more is needed: the report is one page without libraries. Kept for those who ask.
    'report': [],
    'train': ['torch==2.13.0', 'onnx>=1.16'],
    'backbones': ['torchvision'],
    'test': [
        'pytest>=7.4',
        'pytest-timeout',
        'hypothesis>=6.100',
        'onnx>=1.16',
        'scipy',
        'ruff>=0.17.6,<0.18',
        'mypy>=2.4,<2.5',
    ],
}

# A file of lib/vpr_ros: a shell finds the interpreter of the environment that the file lies in,
# however that was moved or linked; Python reads the same lines as a string.
EXECUTABLE = """#!/bin/sh
'''exec' "$(dirname "$(readlink -f "$0")")/../../bin/python3" "$0" "$@"
' '''
import sys

from {module} import {function}

if __name__ == '__main__':
    sys.exit({function}())
"""


def files(folder: str) -> list[tuple[str, list[str]]]:
    """``data_files`` entries that install a folder of the repository with its subfolders."""
    found: dict[str, list[str]] = {}
    for path in sorted(Path(folder).rglob('*')):
        if path.is_file() and '__pycache__' not in path.parts:
            found.setdefault(f'{SHARE}/{path.parent.as_posix()}', []).append(path.as_posix())
    return list(found.items())


def executables() -> tuple[str, list[str]]:
    """Write the files of lib/vpr_ros and return their ``data_files`` entry."""
    folder = Path('build') / 'executables'
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, target in (NODES | COMMANDS).items():
        module, function = target.split(':')
        path = folder / name
        path.write_text(EXECUTABLE.format(module=module, function=function), encoding='utf-8')
        path.chmod(0o755)
        written.append(path.as_posix())
    return f'lib/{PACKAGE}', written


def with_executables(base: type) -> type:
    """Return a wheel command, by which pip builds and colcon does not, that adds lib/vpr_ros."""

    class Command(base):  # type: ignore[misc, valid-type]

        def run(self) -> None:
            data = self.distribution.data_files
            data[data.index(COLCON_BIN)] = executables()
            # An editable install asks the distribution whether it "has_data" before it installs
            # data_files, a method that setuptools calls by another name.
            self.distribution.has_data = self.distribution.has_data_files
            super().run()

    return Command


def wheel_commands() -> dict[str, Any]:
    """Return the commands by which pip builds, as far as this version of setuptools has them."""
    found = {}
    for name, modules in {
        'bdist_wheel': ('setuptools.command.bdist_wheel', 'wheel.bdist_wheel'),
        'editable_wheel': ('setuptools.command.editable_wheel',),
    }.items():
        for module in modules:
            try:
                command = getattr(importlib.import_module(module), name)
            except ImportError:
                continue
            found[name] = with_executables(command)
            break
    return found


setup(
    name=PACKAGE,
    version=VERSION,
    description='A sense of place for robots: visual place recognition and loop closure for ROS 2',
    author='The vpr_ros authors',
    author_email='vpr_ros@users.noreply.github.com',
    maintainer='The vpr_ros authors',
    maintainer_email='vpr_ros@users.noreply.github.com',
    license='Apache-2.0',
    packages=find_packages(include=[PACKAGE, f'{PACKAGE}.*']),
    package_data={'vpr_ros.evaluation.report': ['*.css', '*.js'],
                  'vpr_ros.evaluation': ['schema/*.json']},
    python_requires='>=3.10',
    install_requires=REQUIRES,
    extras_require=EXTRAS,
    entry_points={
        'console_scripts': [f'{name} = {target}' for name, target in (COMMANDS | NODES).items()]
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml', 'LICENSE']),
        *files('launch'),
        *files('config'),
        *files('models'),
        *files('security'),
        COLCON_BIN,
    ],
    cmdclass=wheel_commands(),
    zip_safe=False,
)
