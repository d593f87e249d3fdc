# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several robots, one map: places shared through Milvus, each robot's own map as its cache.

Every robot recognises in its own map, network or not. Beside that, a thread pushes its places to a
shared collection and compares them with those of the other robots; :mod:`.member` is the place to
begin reading.
"""

from vpr_ros.fleet.comparing import FleetMatch
from vpr_ros.fleet.courier import Courier, FleetState
from vpr_ros.fleet.errors import FleetError
from vpr_ros.fleet.member import FleetSettings, Member
from vpr_ros.fleet.record import SharedPlace
from vpr_ros.fleet.shared_map import SharedMap

__all__ = [
    'Courier', 'FleetError', 'FleetMatch', 'FleetSettings', 'FleetState', 'Member', 'SharedMap',
    'SharedPlace',
]
