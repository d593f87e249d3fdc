# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Python, ONNX Runtime, the ROS packages, and what is optional."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys

from vpr_ros.doctor.finding import error, Finding, ok, warning

OLDEST, NEWEST = (3, 10), (3, 13)
ROS_PACKAGES = ('rclpy', 'vpr_msgs', 'sensor_msgs', 'nav_msgs', 'visualization_msgs',
                'diagnostic_msgs', 'lifecycle_msgs', 'rosgraph_msgs')
RUNTIME = {
    'onnxruntime': 'pip install "vpr_ros[cpu]", or "vpr_ros[gpu]" where there is an NVIDIA GPU',
    'faiss': 'pip install faiss-cpu',
    'cv2': 'pip install opencv-python-headless, or rosdep install python3-opencv',
    'rosbags': 'pip install rosbags',
}
# module -> what does not work without it
OPTIONAL = {
    'onnx': 'tools that change or read model graphs, and many tests (pip install onnx)',
    'scipy': 'data sets whose ground truth is a MATLAB file (pip install scipy)',
}


def check_installation() -> list[Finding]:
    """Look at Python, ONNX Runtime and the packages, without importing any of them."""
    findings = [_python(), *_runtime(), _ros()]
    missing = [name for name in OPTIONAL if not is_there(name)]
    if missing:
        findings.append(warning(
            'optional packages', f'{", ".join(missing)} cannot be imported',
            '; '.join(f'only for {OPTIONAL[name]}' for name in missing)))
    else:
        findings.append(ok('optional packages', f'{", ".join(OPTIONAL)} are there'))
    return findings


def is_there(name: str) -> bool:
    """Whether a module can be imported."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _python() -> Finding:
    version = '.'.join(str(part) for part in sys.version_info[:3])
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return warning('python', f'{version}, tested are 3.10 to 3.13',
                       'use one of these where something does not work')
    return ok('python', version)


def _runtime() -> list[Finding]:
    findings = [error(name, 'cannot be imported', fix)
                for name, fix in RUNTIME.items() if not is_there(name)]
    both = [name for name in ('onnxruntime', 'onnxruntime-gpu') if _is_installed(name)]
    if len(both) == 2:
        findings.append(error(
            'onnxruntime', 'onnxruntime and onnxruntime-gpu are both installed, and one has '
            'overwritten the other', 'pip uninstall both, then install the one you want'))
    return findings


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _ros() -> Finding:
    missing = [name for name in ROS_PACKAGES if not is_there(name)]
    if missing:
        return error(
            'ROS 2', f'{", ".join(missing)} cannot be imported',
            'source the setup file of your distribution and workspace, or '
            'pip install ./vpr_msgs "vpr_ros[ros]"')
    return ok('ROS 2', 'rclpy and all message packages are there')
