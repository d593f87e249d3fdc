# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Play a bag through the real node and score what it recognised: `vpr replay` as a launch file.

    ros2 launch vpr_ros rosbag_evaluation.launch.py bag:=/bags/two_laps report:=report

The command starts a node of its own in lockstep, so that every image is processed and the figures
are the same each time; with a rate the node takes what it can, as on the robot. With rviz:=true
the markers can be watched meanwhile.
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import OpaqueFunction

from vpr_ros.ros.launching import dds_profile, declared, given, rviz, vpr_to_its_end

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


def replay(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the process that plays and scores; when it ends, so does the launch."""
    values = given(context, ARGUMENTS)
    words = ['replay', values['bag'], '--node']
    for name, option in OPTIONS.items():
        if values[name]:
            words += [option, values[name]]
    return [vpr_to_its_end('rosbag_evaluation', *words, done='the bag was played')]


def generate_launch_description() -> LaunchDescription:
    """Arguments, environment, the process and, on demand, RViz."""
    return LaunchDescription([
        *declared(ARGUMENTS),
        dds_profile(),
        rviz(namespace='vpr_replay'),  # where the command starts its node
        OpaqueFunction(function=replay),
    ])
