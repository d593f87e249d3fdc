# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The real node as a process of its own, for the demo, replays, benchmarks and tests."""

from __future__ import annotations

from collections.abc import Mapping
import os
from pathlib import Path
import signal
import subprocess
import sys
import tempfile
from typing import Any

import yaml

from vpr_ros.errors import RosError  # noqa: I100
from vpr_ros.paths import share_dir

NODE_NAME = 'place_recognition'
STOP_TIMEOUT_S = 20.0
LOG_TAIL = 5  # lines quoted when the node has died
DDS_PROFILE = 'FASTDDS_DEFAULT_PROFILES_FILE'


def use_large_image_profile() -> None:
    """Let this process and its children send large images through shared memory.

    Call it before ``rclpy.init``. A profile that the user has chosen stays in force.
    """
    os.environ.setdefault(DDS_PROFILE, str(share_dir('config') / 'fastdds_large_images.xml'))


class NodeProcess:
    """Starts ``place_recognition``, active by itself, and ends it with SIGINT.

    A context manager; on the way out the node gets SIGINT and must exit with 0.

    Attributes:
        namespace: the node's namespace, without a trailing slash.
        pid: of the process.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        *,
        namespace: str = '',
        remappings: Mapping[str, str] | None = None,
    ) -> None:
        """Start the process; it needs about a second to become active.

        Args:
            parameters: of the table in :mod:`vpr_ros.parameters`.
            namespace: for example ``/vpr_demo``.
            remappings: topic names, from -> to.
        """
        self.namespace = namespace.rstrip('/')
        self._folder = tempfile.TemporaryDirectory(prefix='vpr_node_')
        params = Path(self._folder.name) / 'params.yaml'
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in parameters.items()}
        # an empty list has no type in ROS parameter files; leaving it out means the default
        values = {k: v for k, v in values.items() if v != []}
        params.write_text(yaml.safe_dump({'/**': {'ros__parameters': values}}), encoding='utf-8')
        command = [sys.executable, '-m', 'vpr_ros.ros.place_recognition', '--ros-args',
                   '--params-file', str(params)]
        if self.namespace:
            command += ['-r', f'__ns:={self.namespace}']
        for source, target in (remappings or {}).items():
            command += ['-r', f'{source}:={target}']
        self._log = (Path(self._folder.name) / 'log').open('w+b')
        self._process = subprocess.Popen(
            command, stdout=self._log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )
        self.pid = self._process.pid

    def topic(self, name: str) -> str:
        """Full name of a private (``~/``) or relative topic or service of the node."""
        relative = name.replace('~', NODE_NAME, 1) if name.startswith('~/') else name
        return f'{self.namespace}/{relative}'

    def log(self) -> str:
        """Return what the node has printed so far."""
        return Path(self._log.name).read_text(encoding='utf-8', errors='replace')

    def last_words(self) -> str:
        """Return the last lines that the node has printed, as one."""
        return ' | '.join(self.log().strip().splitlines()[-LOG_TAIL:])

    def check(self) -> None:
        """Raise when the node has ended.

        Raises:
            RosError: with its exit status and the last lines that it printed.
        """
        status = self._process.poll()
        if status is not None:
            raise RosError(f'the node place_recognition ended with status {status}: '
                           f'{self.last_words()}')

    def stop(self) -> int:
        """End the node with SIGINT; returns its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        status = self._process.wait()
        if not self._log.closed:
            self._log.close()
            self._folder.cleanup()
        return status

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
