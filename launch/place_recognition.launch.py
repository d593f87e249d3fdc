# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start the node place_recognition and bring it to active.

    ros2 launch vpr_ros place_recognition.launch.py image_topic:=/camera/image map:=/maps/a.vprmap

Later sources of parameters win: the preset, then params_file, then the arguments given here. The
node activates itself (its parameter autostart), which needs no event of the launch system and so
works on every distribution; autostart:=false leaves it to a lifecycle manager.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

SHARE = Path(get_package_share_directory('vpr_ros'))
CONFIG = SHARE / 'config'
PROFILE = 'FASTDDS_DEFAULT_PROFILES_FILE'

# name -> (default, description, choices)
ARGUMENTS = {
    'namespace': ('', 'Namespace of the node, for example the name of the robot.', None),
    'image_topic': ('image', 'Topic of the camera; for compressed images without /compressed.',
                    None),
    'image_transport': ('', 'Type of the image topic; empty leaves it to params_file, else raw.',
                        ['', 'raw', 'compressed']),
    'camera_info_topic': ('camera_info', 'Topic of the calibration of the camera.', None),
    'odom_topic': ('odom', 'Topic of the odometry (nav_msgs/Odometry); it may be silent.', None),
    'loop_closures_topic': ('loop_closures', 'Topic of the accepted loop closures.', None),
    'mode': ('', 'mapping recognises and grows the map, localization only reads it; empty leaves '
             'it to params_file, else mapping.', ['', 'mapping', 'localization']),
    'map': ('', 'The map file (.vprmap) to open or, when mapping, to make; empty keeps the map in '
            'memory until it is saved.', None),
    'directories': ('', 'Folders below which services may read and write, separated by colons; '
                    'that of the map is always allowed.', None),
    'model': ('', 'Bundled model by name, or the path of an .onnx with its card; empty leaves it '
              'to preset and params_file.', None),
    'preset': ('balanced', 'Parameters to start from.', ['fast', 'balanced', 'accurate']),
    'params_file': ('', 'YAML file with parameters that win over the preset.', None),
    'use_sim_time': ('false', 'Take the time from /clock, as for ros2 bag play --clock.',
                     ['true', 'false']),
    'autostart': ('true', 'Bring the node to active; false leaves it to a lifecycle manager.',
                  ['true', 'false']),
    'respawn': ('false', 'Start the node again two seconds after it has crashed; needs autostart.',
                ['true', 'false']),
    'fastdds_profile': (str(CONFIG / 'fastdds_large_images.xml'),
                        'Fast DDS profile that carries large images without loss; one that is set '
                        f'in {PROFILE} already wins; empty sets none.', None),
    'depth_topic': ('depth', 'Topic of the registered depth image, for metric relative poses '
                    '(parameter relative_pose).', None),
    'right_image_topic': ('right/image', 'Topic of the right camera of a stereo pair (parameter '
                          'stereo); image_topic is then the left one.', None),
    'right_camera_info_topic': ('right/camera_info', 'Topic of its calibration.', None),
    'slam': ('', 'Pass loop closures on to a SLAM system; empty to none (docs/slam/index.md).',
             ['', 'lio_sam', 'rtabmap', 'rtabmap_descriptor', 'hydra', 'kimera_multi',
              'swarm_slam', 'initialpose', 'voxgraph', 'maplab_server', 'maplab']),
    'slam_params_file': ('', 'YAML file with parameters of the node slam_adapter.', None),
    'base_frame': ('', 'Frame of the robot base, for SLAM systems that take metric poses: tf then '
                   'says where the camera is.', None),
    'rviz': ('false', 'Start RViz with the trajectory, the loop closures and the match image.',
             ['true', 'false']),
    'log_level': ('info', 'Least severe level of messages that the node logs.',
                  ['debug', 'info', 'warn', 'error', 'fatal']),
}


def parameters(context: LaunchContext) -> list:
    """Preset, parameter file and arguments, in the order in which the later wins."""
    given = {name: context.launch_configurations[name] for name in ARGUMENTS}
    values: dict[str, object] = {
        parameter: given[argument]
        for argument, parameter in (
            ('map', 'map_path'), ('model', 'model'), ('mode', 'mode'),
            ('image_transport', 'image_transport'),
        )
        if given[argument]
    }
    if given['use_sim_time'] == 'true':
        values['use_sim_time'] = True
    if given['autostart'] == 'false':
        values['autostart'] = False
    directories = [folder for folder in given['directories'].split(':') if folder]
    if directories:
        values['directories'] = directories
    files = [str(CONFIG / f"{given['preset']}.yaml"), given['params_file']]
    return [*(file for file in files if file), *([values] if values else [])]


def nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node, with what the arguments say."""
    return [
        LifecycleNode(
            package='vpr_ros',
            executable='place_recognition',
            name='place_recognition',
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
            output='screen',
            # the map is closed within this time, whatever the size of the last transaction
            sigterm_timeout='10',
            respawn=LaunchConfiguration('respawn'),
            respawn_delay=2.0,
        )
    ]


def adapter(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the node that passes loop closures on, where one is asked for."""
    given = {name: context.launch_configurations[name] for name in ARGUMENTS}
    if not given['slam']:
        return []
    values: dict[str, object] = {'system': given['slam']}
    if given['base_frame']:
        values['base_frame'] = given['base_frame']
    if given['use_sim_time'] == 'true':
        values['use_sim_time'] = True
    files = [given['slam_params_file']] if given['slam_params_file'] else []
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
        *(
            DeclareLaunchArgument(
                name, default_value=default, description=description, choices=choices
            )
            for name, (default, description, choices) in ARGUMENTS.items()
        ),
        SetEnvironmentVariable(
            PROFILE,
            EnvironmentVariable(PROFILE, default_value=LaunchConfiguration('fastdds_profile')),
        ),
        # first: where it is not installed, nothing else is left running
        Node(
            package='rviz2',
            executable='rviz2',
            namespace=LaunchConfiguration('namespace'),
            arguments=['-d', str(CONFIG / 'place_recognition.rviz')],
            parameters=[{'use_sim_time': LaunchConfiguration('use_sim_time')}],
            condition=IfCondition(LaunchConfiguration('rviz')),
            output='log',
        ),
        OpaqueFunction(function=nodes),
        OpaqueFunction(function=adapter),
    ])
