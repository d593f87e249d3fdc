# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The map: one SQLite file as the truth, a search index derived from it."""

from vpr_ros.place_map.budget import Budget
from vpr_ros.place_map.checking import check
from vpr_ros.place_map.exporting import export
from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.place_map.importing import import_map
from vpr_ros.place_map.merging import extract, merge
from vpr_ros.place_map.place_map import PlaceMap
from vpr_ros.place_map.pruning import Pruned, PrunePolicy
from vpr_ros.place_map.records import MapBytes, MapInfo, Neighbour, Session
from vpr_ros.place_map.repairing import repair, Repaired

__all__ = [
    'Budget',
    'MapBytes',
    'MapInfo',
    'ModelIdentity',
    'Neighbour',
    'PlaceMap',
    'PrunePolicy',
    'Pruned',
    'Repaired',
    'Session',
    'check',
    'export',
    'extract',
    'import_map',
    'merge',
    'repair',
]
