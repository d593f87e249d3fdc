# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start several robots' nodes on one machine, with one shared map: for simulation and trials.

    ros2 launch vpr_ros fleet.launch.py robots:=anna:bert folder:=/data/fleet

Each robot's node runs in the namespace of its name, so that its camera is /anna/image, and keeps
its own map in the folder. Without uri a small server (vpr fleet serve) is started for them. On
real robots start place_recognition.launch.py on each, with params_file and fleet_uri in it.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.substitutions import EnvironmentVariable
from launch_ros.actions import LifecycleNode
from launch_ros.substitutions import ExecutableInPackage

CONFIG = Path(get_package_share_directory('vpr_ros')) / 'config'
PROFILE = 'FASTDDS_DEFAULT_PROFILES_FILE'
PORT = 19530

# name -> (default, description); None: it must be given
ARGUMENTS = {
    'robots': (None, 'Names of the robots, separated by colons.'),
    'folder': (None, "Folder of the robots' own maps, and of the shared one without uri."),
    'uri': ('', 'A Milvus server, such as http://host:19530; empty starts a small one here.'),
    'preset': ('balanced', 'Parameters to start from: fast, balanced or accurate.'),
    'model': ('default', 'Bundled model by name, or the path of an .onnx with its card.'),
}


def processes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the server, if one is wanted, and a node for each robot."""
    given = {name: context.launch_configurations[name] for name in ARGUMENTS}
    folder, found = Path(given['folder']), []
    if not given['uri']:
        found.append(ExecuteProcess(
            cmd=[ExecutableInPackage('vpr', 'vpr_ros'), 'fleet', 'serve', str(folder / 'shared'),
                 '--port', str(PORT)],
            name='fleet_server', output='screen'))
    for robot in filter(None, given['robots'].split(':')):
        found.append(LifecycleNode(
            package='vpr_ros', executable='place_recognition', name='place_recognition',
            namespace=robot, output='screen', sigterm_timeout='10',
            parameters=[
                str(CONFIG / f"{given['preset']}.yaml"),
                {'robot': robot, 'fleet_uri': given['uri'] or f'http://127.0.0.1:{PORT}',
                 'map_path': str(folder / f'{robot}.vprmap'), 'model': given['model']},
            ]))
    return found


def generate_launch_description() -> LaunchDescription:
    """Return arguments, environment and processes."""
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=description)
          for name, (default, description) in ARGUMENTS.items()),
        SetEnvironmentVariable(PROFILE, EnvironmentVariable(
            PROFILE, default_value=str(CONFIG / 'fastdds_large_images.xml')
        )),
        OpaqueFunction(function=processes),
    ])
