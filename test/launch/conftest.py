# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of tests that run the tools of ROS 2; without those they are skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys

from helpers import ROS_DOMAIN
import pytest

WITHOUT_ROS = {'test_config.py', 'test_transcript.py'}
NEEDED = {
    'rclpy': 'rclpy', 'vpr_msgs.msg': 'vpr_msgs, built by colcon or pip',
    'launch.actions': 'launch', 'launch_ros.actions': 'launch_ros',
    **{f'ros2{tool}': f'the command ros2 {tool}' for tool in (
        'launch', 'action', 'interface', 'lifecycle', 'node', 'param', 'service', 'topic')},
}


class ToolsModule(pytest.Module):
    """A module of tests that is not even imported where a tool is missing."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Skip the module, or collect its tests."""
        for name, what in NEEDED.items():
            pytest.importorskip(name, reason=f'needs ROS 2 with {what}')
        return super().collect()


def pytest_pycollect_makemodule(module_path: Path,
                                parent: pytest.Collector) -> pytest.Module | None:
    """Collect the modules of this folder in that way."""
    if module_path.name in WITHOUT_ROS:
        return None
    return ToolsModule.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs ROS."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.path.name not in WITHOUT_ROS:
            item.add_marker(pytest.mark.ros)


@pytest.fixture(scope='session')
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Give the variables of the commands: a domain and a folder of logs of their own."""
    from ament_index_python.packages import get_package_share_directory, PackageNotFoundError

    values = dict(os.environ)
    values.setdefault('AMENT_PREFIX_PATH', sys.prefix)  # where pip has put the package
    values |= {'ROS_DOMAIN_ID': str(ROS_DOMAIN), 'OMP_NUM_THREADS': '1',
               'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
               'ROS_LOG_DIR': str(tmp_path_factory.mktemp('ros_log'))}
    values.pop('FASTDDS_DEFAULT_PROFILES_FILE', None)
    # a shell that runs the tests in the background ignores SIGINT, and so would every child
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.MonkeyPatch.context() as patch:
        for name in ('AMENT_PREFIX_PATH', 'ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE'):
            patch.setenv(name, values[name])
        try:
            share = get_package_share_directory('vpr_ros')
        except PackageNotFoundError:
            pytest.skip('needs vpr_ros itself installed, by colcon or pip, not only a checkout')
        if shutil.which('ros2') is None:
            pytest.skip('needs the command ros2 on the PATH')
        assert (Path(share) / 'launch').is_dir()
        # it knows the graph when a command asks; each by itself would look around for too short
        for verb in ('stop', 'start'):
            subprocess.run(['ros2', 'daemon', verb], env=values, check=True, cwd='/')
        yield values
        subprocess.run(['ros2', 'daemon', 'stop'], env=values, check=True, cwd='/')
