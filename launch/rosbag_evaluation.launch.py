# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Play a bag through the real node and score what it recognised: `vpr replay` as a launch file.

    ros2 launch vpr_ros rosbag_evaluation.launch.py bag:=/bags/two_laps report:=report

The command starts a node of its own in lockstep, so that every image is processed and the figures
are the same each time; with a rate the node takes what it can, as on the robot. With rviz:=true
the markers can be watched meanwhile.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueFunction,
    SetEnvironmentVariable,
    Shutdown,
)
from launch.conditions import IfCondition
from launch.events.process import ProcessExited
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.substitutions import ExecutableInPackage

CONFIG = Path(get_package_share_directory('vpr_ros')) / 'config'
PROFILE = 'FASTDDS_DEFAULT_PROFILES_FILE'

# name -> (default, description)
ARGUMENTS = {
    'bag': (None, 'The rosbag2 to play, a folder or a file.'),
    'map': ('', 'Recognise in this map (.vprmap), which stays as it is; empty builds one from the '
            'bag while it plays.'),
    'ground_truth': ('', 'CSV or TUM file, or the topic of the true poses in the bag; empty only '
                     'counts what was accepted.'),
    'model': ('default', 'Bundled model by name, or the path of an .onnx with its card.'),
    'preset': ('balanced', 'Parameters to start from: fast, balanced, accurate, or a YAML file.'),
    'image_topic': ('', 'Image topic of the bag; empty takes the only one there is.'),
    'odometry_topic': ('', 'Odometry topic of the bag; empty takes the only one, if any.'),
    'rate': ('0.0', 'Speed as a multiple of the recorded one; 0 waits for every answer, so that '
             'no image is left out.'),
    'json': ('', 'Write the figures to this file.'),
    'report': ('', 'Write an HTML report into this folder.'),
    'rviz': ('false', 'Start RViz with the trajectory, the loop closures and the match image.'),
}
OPTIONS = {
    'map': '--map', 'ground_truth': '--ground-truth', 'model': '--model', 'preset': '--params',
    'image_topic': '--image-topic', 'odometry_topic': '--odometry-topic', 'json': '--json',
    'report': '--report', 'rate': '--rate',
}


def end(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """End the launch with the process; its failure is that of ``ros2 launch``, too."""
    if event.returncode:
        raise RuntimeError(f'{event.process_name} ended with exit code {event.returncode}')
    return [Shutdown(reason='the bag was played')]


def replay(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the process that plays and scores; when it ends, so does the launch."""
    given = {name: context.launch_configurations[name] for name in ARGUMENTS}
    words = ['replay', given['bag'], '--node']
    for name, option in OPTIONS.items():
        if given[name]:
            words += [option, given[name]]
    return [
        ExecuteProcess(
            cmd=[ExecutableInPackage('vpr', 'vpr_ros'), *words],
            name='rosbag_evaluation',
            output='screen',
            emulate_tty=True,
            on_exit=end,
        )
    ]


def generate_launch_description() -> LaunchDescription:
    """Arguments, environment, the process and, on demand, RViz."""
    return LaunchDescription([
        *(
            DeclareLaunchArgument(name, default_value=default, description=description)
            for name, (default, description) in ARGUMENTS.items()
        ),
        SetEnvironmentVariable(PROFILE, EnvironmentVariable(
            PROFILE, default_value=str(CONFIG / 'fastdds_large_images.xml')
        )),
        # first: where it is not installed, nothing else is left running
        Node(
            package='rviz2',
            executable='rviz2',
            namespace='vpr_replay',  # where the command starts its node
            arguments=['-d', str(CONFIG / 'place_recognition.rviz')],
            condition=IfCondition(LaunchConfiguration('rviz')),
            output='log',
        ),
        OpaqueFunction(function=replay),
    ])
