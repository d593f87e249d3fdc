# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build maps from bags, image folders, videos and data sets: the node's own pipeline."""

from vpr_ros.building.build import build_map
from vpr_ros.building.sources import count_frames, frames_of, IMAGE_FOLDER_RATE_HZ

__all__ = ['IMAGE_FOLDER_RATE_HZ', 'build_map', 'count_frames', 'frames_of']
