# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files have in common: arguments, the node, a command that runs to its end, RViz.

Only launch files import it: it needs the packages launch and launch_ros. (mypy takes our folder of
launch files for the former.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescriptionEntity  # type: ignore[attr-defined]
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.conditions import IfCondition
from launch.events.process import ProcessExited
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
from launch_ros.substitutions import ExecutableInPackage

from vpr_ros.ros.node_process import DDS_PROFILE, NODE_NAME

CONFIG = Path(get_package_share_directory('vpr_ros')) / 'config'
DDS_PROFILE_FILE = str(CONFIG / 'fastdds_large_images.xml')


def declared(arguments: Mapping[str, tuple]) -> list[LaunchDescriptionEntity]:
    """Declare a launch file's arguments.

    Args:
        arguments: name -> (default, description) or (default, description, choices); a default of
            None makes an argument that must be given.
    """
    return [
        DeclareLaunchArgument(name, default_value=default, description=description,
                              choices=choices[0] if choices else None)
        for name, (default, description, *choices) in arguments.items()
    ]


def given(context: LaunchContext, arguments: Iterable[str]) -> dict[str, str]:
    """Return the values of arguments, by name."""
    return {name: context.launch_configurations[name] for name in arguments}


def preset_file(preset: str) -> str:
    """Return the parameter file of a preset."""
    return str(CONFIG / f'{preset}.yaml')


def dds_profile(default: Any = DDS_PROFILE_FILE) -> SetEnvironmentVariable:
    """Let Fast DDS carry large images, unless the user has chosen a profile already."""
    return SetEnvironmentVariable(
        DDS_PROFILE, EnvironmentVariable(DDS_PROFILE, default_value=default))


def recognition_node(**keywords: Any) -> LifecycleNode:
    """Return the node place_recognition; the keywords are those of LifecycleNode."""
    return LifecycleNode(
        package='vpr_ros', executable=NODE_NAME, name=NODE_NAME, output='screen',
        # the map is closed within this time, whatever the size of the last transaction
        sigterm_timeout='10', **keywords)


def vpr(*words: str, **keywords: Any) -> ExecuteProcess:
    """Return a process that runs the command ``vpr``."""
    return ExecuteProcess(
        cmd=[ExecutableInPackage('vpr', 'vpr_ros'), *words], output='screen', **keywords)


def vpr_to_its_end(name: str, *words: str, done: str) -> ExecuteProcess:
    """Return a process with which the launch ends, failing as it does.

    Args:
        name: of the process.
        words: after ``vpr``.
        done: the reason of the end that the launch system logs.
    """

    def end(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        if event.returncode:
            raise RuntimeError(f'{event.process_name} ended with exit code {event.returncode}')
        return [Shutdown(reason=done)]

    return vpr(*words, name=name, emulate_tty=True, on_exit=end)


def rviz(**keywords: Any) -> Node:
    """Return RViz, on demand; put it first: where it is missing, nothing else is left running."""
    return Node(
        package='rviz2', executable='rviz2', output='log',
        arguments=['-d', str(CONFIG / 'place_recognition.rviz')],
        condition=IfCondition(LaunchConfiguration('rviz')), **keywords)
