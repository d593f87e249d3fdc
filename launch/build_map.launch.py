# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build a map from recordings and end: the command `vpr map build` as a launch file.

    ros2 launch vpr_ros build_map.launch.py sources:=/bags/monday output:=/maps/a.vprmap

It needs no running node. To build while a node runs, call its service ~/build_map.
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction, Shutdown
from launch.events.process import ProcessExited
from launch_ros.substitutions import ExecutableInPackage

ARGUMENTS = {
    'sources': (None, 'Bags (rosbag2 folders) and image folders, separated by colons; each '
                'becomes a session of the map.'),
    'output': (None, 'The map file (.vprmap) to write.'),
    'model': ('default', 'Bundled model by name, or the path of an .onnx with its card.'),
    'preset': ('balanced', 'Parameters to start from: fast, balanced, accurate, or a YAML file.'),
    'image_topic': ('', 'Image topic to read from bags; empty takes the only one there is.'),
    'odometry_topic': ('', 'Odometry topic to read from bags; empty takes the only one, if any.'),
    'overwrite': ('false', 'Replace an existing map.'),
}


def command(context: LaunchContext) -> list[str]:
    """Arguments of the command, from those of the launch file."""
    given = {name: context.launch_configurations[name] for name in ARGUMENTS}
    words = ['map', 'build', *(source for source in given['sources'].split(':') if source)]
    words += ['--out', given['output'], '--model', given['model'], '--params', given['preset']]
    for option in ('image_topic', 'odometry_topic'):
        if given[option]:
            words += ['--' + option.replace('_', '-'), given[option]]
    return words + (['--overwrite'] if given['overwrite'] == 'true' else [])


def end(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """End the launch with the process; its failure is that of ``ros2 launch``, too."""
    if event.returncode:
        raise RuntimeError(f'{event.process_name} ended with exit code {event.returncode}')
    return [Shutdown(reason='the map is built')]


def builder(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the process that builds; when it ends, so does the launch, with its exit code."""
    return [
        ExecuteProcess(
            cmd=[ExecutableInPackage('vpr', 'vpr_ros'), *command(context)],
            name='build_map',
            output='screen',
            emulate_tty=True,
            on_exit=end,
        )
    ]


def generate_launch_description() -> LaunchDescription:
    """Arguments and the process."""
    return LaunchDescription([
        *(
            DeclareLaunchArgument(name, default_value=default, description=description)
            for name, (default, description) in ARGUMENTS.items()
        ),
        OpaqueFunction(function=builder),
    ])
