# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The rendered world: a procedural town or corridor to drive through, in any light and weather.

Start with :class:`World`, :class:`Conditions` and :class:`Drive`::

    world = World(seed=0)
    for frame in Drive(world, Conditions.dusk(), laps=2):
        use(frame.image, frame.pose)

Frames: ``map`` is x east, y north, z up; the robot base is x forward, y left, z up, on the
ground; the camera's optical frame is x right, y down, z forward.
"""

from vpr_ros.world.camera import Camera
from vpr_ros.world.conditions import Conditions
from vpr_ros.world.covisibility import covisible, same_place
from vpr_ros.world.dataset import write_dataset
from vpr_ros.world.drive import Drive, DriveFrame
from vpr_ros.world.world import World

__all__ = ['Camera', 'Conditions', 'Drive', 'DriveFrame', 'World', 'covisible', 'same_place',
           'write_dataset']
