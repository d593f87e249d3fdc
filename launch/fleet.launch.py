# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start several robots' nodes on one machine, with one shared map: for simulation and trials.

    ros2 launch vpr_ros fleet.launch.py robots:=anna:bert folder:=/data/fleet

Each robot's node runs in the namespace of its name, so that its camera is /anna/image, and keeps
its own map in the folder. Without uri a small server (vpr fleet serve) is started for them. On
real robots start place_recognition.launch.py on each, with params_file and fleet_uri in it.
"""

from pathlib import Path

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import OpaqueFunction

from vpr_ros.ros.launching import (
    dds_profile,
    declared,
    given,
    preset_file,
    recognition_node,
    vpr,
)

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
    values = given(context, ARGUMENTS)
    folder, found = Path(values['folder']), []
    if not values['uri']:
        found.append(vpr('fleet', 'serve', str(folder / 'shared'), '--port', str(PORT),
                         name='fleet_server'))
    for robot in filter(None, values['robots'].split(':')):
        found.append(recognition_node(namespace=robot, parameters=[
            preset_file(values['preset']),
            {'robot': robot, 'fleet_uri': values['uri'] or f'http://127.0.0.1:{PORT}',
             'map_path': str(folder / f'{robot}.vprmap'), 'model': values['model']},
        ]))
    return found


def generate_launch_description() -> LaunchDescription:
    """Return arguments, environment and processes."""
    return LaunchDescription([
        *declared(ARGUMENTS), dds_profile(), OpaqueFunction(function=processes)])
