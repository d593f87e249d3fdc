# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The adapters by name."""

from __future__ import annotations

from vpr_ros.slam.lio_sam import LioSam
from vpr_ros.slam.maplab import MaplabFile
from vpr_ros.slam.pose_graph import Hydra, KimeraMulti
from vpr_ros.slam.relocalisation import Relocalisation
from vpr_ros.slam.rtabmap import RtabMap, RtabMapDescriptor
from vpr_ros.slam.swarm_slam import SwarmSlam
from vpr_ros.slam.system import System
from vpr_ros.slam.voxgraph import MaplabServer, Voxgraph

SYSTEMS: dict[str, type[System]] = {
    'lio_sam': LioSam,
    'rtabmap': RtabMap,
    'rtabmap_descriptor': RtabMapDescriptor,
    'hydra': Hydra,
    'kimera_multi': KimeraMulti,
    'swarm_slam': SwarmSlam,
    'initialpose': Relocalisation,
    'voxgraph': Voxgraph,
    'maplab_server': MaplabServer,
    'maplab': MaplabFile,
}
