# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start the node place_recognition and bring it to active.

    ros2 launch vpr_ros place_recognition.launch.py image_topic:=/camera/image map:=/maps/a.vprmap

Later sources of parameters win: the preset, then params_file, then the arguments given here. The
node activates itself (its parameter autostart), which needs no event of the launch system and so
works on every distribution; autostart:=false leaves it to a lifecycle manager.
"""

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from vpr_ros.ros.launching import (
    DDS_PROFILE,
    dds_profile,
    DDS_PROFILE_FILE,
    declared,
    given,
    preset_file,
    recognition_node,
    rviz,
)

# name -> (default, description), with choices where not everything goes
ARGUMENTS = {
    'namespace': ('', 'Namespace of the node, for example the name of the robot.'),
    'image_topic': ('image', 'Topic of the camera; for compressed images without /compressed.'),
    'image_transport': ('', 'Type of the image topic; empty leaves it to params_file, else raw.',
                        ['', 'raw', 'compressed']),
    'camera_info_topic': ('camera_info', 'Topic of the calibration of the camera.'),
    'odom_topic': ('odom', 'Topic of the odometry (nav_msgs/Odometry); it may be silent.'),
    'loop_closures_topic': ('loop_closures', 'Topic of the accepted loop closures.'),
    'mode': ('', 'mapping recognises and grows the map, localization only reads it; empty leaves '
             'it to params_file, else mapping.', ['', 'mapping', 'localization']),
    'map': ('', 'The map file (.vprmap) to open or, when mapping, to make; empty keeps the map in '
            'memory until it is saved.'),
    'directories': ('', 'Folders below which services may read and write, separated by colons; '
                    'that of the map is always allowed.'),
    'model': ('', 'Bundled model by name, or the path of an .onnx with its card; empty leaves it '
              'to preset and params_file.'),
    'preset': ('balanced', 'Parameters to start from.', ['fast', 'balanced', 'accurate']),
    'params_file': ('', 'YAML file with parameters that win over the preset.'),
    'use_sim_time': ('false', 'Take the time from /clock, as for ros2 bag play --clock.',
                     ['true', 'false']),
    'autostart': ('true', 'Bring the node to active; false leaves it to a lifecycle manager.',
                  ['true', 'false']),
    'respawn': ('false', 'Start the node again two seconds after it has crashed; needs autostart.',
                ['true', 'false']),
    'fastdds_profile': (DDS_PROFILE_FILE,
                        'Fast DDS profile that carries large images without loss; one that is set '
                        f'in {DDS_PROFILE} already wins; empty sets none.'),
    'depth_topic': ('depth', 'Topic of the registered depth image, for metric relative poses '
                    '(parameter relative_pose).'),
    'right_image_topic': ('right/image', 'Topic of the right camera of a stereo pair (parameter '
                          'stereo); image_topic is then the left one.'),
    'right_camera_info_topic': ('right/camera_info', 'Topic of its calibration.'),
    'slam': ('', 'Pass loop closures on to a SLAM system; empty to none (docs/slam/index.md).',
             ['', 'lio_sam', 'rtabmap', 'rtabmap_descriptor', 'hydra', 'kimera_multi',
              'swarm_slam', 'initialpose', 'voxgraph', 'maplab_server', 'maplab']),
    'slam_params_file': ('', 'YAML file with parameters of the node slam_adapter.'),
    'base_frame': ('', 'Frame of the robot base, for SLAM systems that take metric poses: tf then '
                   'says where the camera is.'),
    'rviz': ('false', 'Start RViz with the trajectory, the loop closures and the match image.',
             ['true', 'false']),
    'log_level': ('info', 'Least severe level of messages that the node logs.',
                  ['debug', 'info', 'warn', 'error', 'fatal']),
}


def parameters(context: LaunchContext) -> list:
    """Preset, parameter file and arguments, in the order in which the later wins."""
    chosen = given(context, ARGUMENTS)
    values: dict[str, object] = {
        parameter: chosen[argument]
        for argument, parameter in (
            ('map', 'map_path'), ('model', 'model'), ('mode', 'mode'),
            ('image_transport', 'image_transport'),
        )
        if chosen[argument]
    }
    if chosen['use_sim_time'] == 'true':
        values['use_sim_time'] = True
    if chosen['autostart'] == 'false':
        values['autostart'] = False
    directories = [folder for folder in chosen['directories'].split(':') if folder]
    if directories:
        values['directories'] = directories
    files = [preset_file(chosen['preset']), chosen['params_file']]
    return [*(file for file in files if file), *([values] if values else [])]


def nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node, with what the arguments say."""
    return [
        recognition_node(
            namespace=LaunchConfiguration('namespace'),
            parameters=parameters(context),
            remappings=[
                (name, LaunchConfiguration(f'{argument}_topic'))
                for name, argument in (
                    ('image', 'image'), ('camera_info', 'camera_info'), ('odom', 'odom'),
                    ('loop_closures', 'loop_closures'), ('depth', 'depth'),
                    ('right/image', 'right_image'),
                    ('right/camera_info', 'right_camera_info'),
                )
            ],
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            respawn=LaunchConfiguration('respawn'),
            respawn_delay=2.0,
        )
    ]


def adapter(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node that passes loop closures on, where one is asked for."""
    chosen = given(context, ARGUMENTS)
    if not chosen['slam']:
        return []
    values: dict[str, object] = {'system': chosen['slam']}
    if chosen['base_frame']:
        values['base_frame'] = chosen['base_frame']
    if chosen['use_sim_time'] == 'true':
        values['use_sim_time'] = True
    files = [chosen['slam_params_file']] if chosen['slam_params_file'] else []
    return [
        Node(
            package='vpr_ros',
            executable='slam_adapter',
            name='slam_adapter',
            namespace=LaunchConfiguration('namespace'),
            parameters=[*files, values],
            remappings=[('loop_closures', LaunchConfiguration('loop_closures_topic'))],
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            output='screen',
        )
    ]


def generate_launch_description() -> LaunchDescription:
    """Arguments, environment, node and, on demand, RViz."""
    return LaunchDescription([
        *declared(ARGUMENTS),
        dds_profile(LaunchConfiguration('fastdds_profile')),
        rviz(namespace=LaunchConfiguration('namespace'),
             parameters=[{'use_sim_time': LaunchConfiguration('use_sim_time')}]),
        OpaqueFunction(function=nodes),
        OpaqueFunction(function=adapter),
    ])
