# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build a map from recordings and end: the command `vpr map build` as a launch file.

    ros2 launch vpr_ros build_map.launch.py sources:=/bags/monday output:=/maps/a.vprmap

It needs no running node. To build while a node runs, call its service ~/build_map.
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import OpaqueFunction

from vpr_ros.ros.launching import declared, given, vpr_to_its_end

# name -> (default, description)
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


def builder(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the process that builds; when it ends, so does the launch, with its exit code."""
    values = given(context, ARGUMENTS)
    words = ['map', 'build', *(source for source in values['sources'].split(':') if source)]
    words += ['--out', values['output'], '--model', values['model'], '--params', values['preset']]
    for option in ('image_topic', 'odometry_topic'):
        if values[option]:
            words += ['--' + option.replace('_', '-'), values[option]]
    if values['overwrite'] == 'true':
        words.append('--overwrite')
    return [vpr_to_its_end('build_map', *words, done='the map is built')]


def generate_launch_description() -> LaunchDescription:
    """Arguments and the process."""
    return LaunchDescription([*declared(ARGUMENTS), OpaqueFunction(function=builder)])
