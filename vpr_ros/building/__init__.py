# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build maps from bags, image folders, videos and data sets: the node's own pipeline."""

from vpr_ros.building.build import build_map
from vpr_ros.building.moments import Cameras
from vpr_ros.building.sources import (
    count_frames,
    count_moments,
    frames_of,
    IMAGE_FOLDER_RATE_HZ,
    moments_of,
)
from vpr_ros.building.topics import BagTopics

__all__ = [
    'IMAGE_FOLDER_RATE_HZ',
    'BagTopics',
    'Cameras',
    'build_map',
    'count_frames',
    'count_moments',
    'frames_of',
    'moments_of',
]
