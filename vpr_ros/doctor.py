# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with an installation, a model or a map, and how to mend it.

What needs a running ROS graph is looked at in :mod:`vpr_ros.ros.doctor`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
import importlib.util
from pathlib import Path
import sys
import time

import numpy as np

from vpr_ros.assembly import model_identity
from vpr_ros.errors import VprError
from vpr_ros.model import Model
from vpr_ros.place_map import PlaceMap

SLOW_MS = 200.0  # a recognition that takes longer than this misses most of a camera's frames
RUNS = 5
ROS_PACKAGES = ('rclpy', 'vpr_msgs', 'sensor_msgs', 'nav_msgs', 'visualization_msgs',
                'diagnostic_msgs')


class Level(Enum):
    """How bad a finding is."""

    OK = 'ok'
    WARNING = 'warning'
    ERROR = 'error'


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: how bad it is.
        subject: what was looked at.
        found: what was found.
        fix: how to mend it; '' when nothing is to be done.
    """

    level: Level
    subject: str
    found: str
    fix: str = ''

    def __str__(self) -> str:
        mark = {'ok': ' ok ', 'warning': 'warn', 'error': 'FAIL'}[self.level.value]
        text = f'[{mark}] {self.subject}: {self.found}'
        return f'{text}\n       -> {self.fix}' if self.fix else text


def check_installation() -> list[Finding]:
    """Look at Python, ONNX Runtime and the ROS packages."""
    version = '.'.join(str(part) for part in sys.version_info[:3])
    findings = [Finding(Level.OK, 'python', version)]
    if importlib.util.find_spec('onnxruntime') is None:
        findings.append(Finding(
            Level.ERROR, 'onnxruntime', 'not installed',
            'pip install "vpr_ros[cpu]", or "vpr_ros[gpu]" where there is an NVIDIA GPU'))
    missing = [name for name in ROS_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        findings.append(Finding(
            Level.ERROR, 'ROS 2', f'{", ".join(missing)} cannot be imported',
            'source the setup file of your distribution and workspace, or '
            'pip install ./vpr_msgs "vpr_ros[ros]"'))
    else:
        findings.append(Finding(Level.OK, 'ROS 2', 'rclpy and all message packages are there'))
    return findings


def check_model(name: str, provider: str) -> tuple[list[Finding], Model | None]:
    """Load a model, look at its provider and its speed."""
    from vpr_ros.model import load_model  # noqa: PLC0415 - the installation may lack onnxruntime

    try:
        model = load_model(name, provider=provider)
        image = np.full((model.card.height, model.card.width, 3), 127, np.uint8)
        image[::2, ::3] = 30
        model.describe(image)
        start = time.perf_counter()
        for _ in range(RUNS):
            model.describe(image)
        milliseconds = (time.perf_counter() - start) * 1000.0 / RUNS
    except VprError as error:
        return [Finding(Level.ERROR, 'model', str(error))], None
    findings = []
    if model.warning:
        findings.append(Finding(
            Level.WARNING, 'provider', model.warning,
            'install onnxruntime-gpu with CUDA and cuDNN of its version, or set provider: cpu'))
    slow = milliseconds > SLOW_MS
    findings.append(Finding(
        Level.WARNING if slow else Level.OK, 'model',
        f'{name} describes an image in {milliseconds:.1f} ms on {model.provider}',
        'use a smaller model, a GPU, or set max_rate_hz' if slow else ''))
    return findings, model


def check_map(path: Path, model: Model | None) -> list[Finding]:
    """Open a map as the node would."""
    identity = None if model is None else model_identity(model)
    try:
        with PlaceMap.open(path, model=identity, read_only=True) as place_map:
            places = len(place_map)
    except VprError as error:
        return [Finding(Level.ERROR, 'map', str(error))]
    if places == 0:
        return [Finding(Level.WARNING, 'map', f'{path} holds no place',
                        'build one with `vpr map build`, or start the node in mode mapping')]
    fits = '' if model is None else f', built with {model.card.name}'
    return [Finding(Level.OK, 'map', f'{path} holds {places} places{fits}')]
