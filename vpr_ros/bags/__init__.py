# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""rosbag2 files and image folders, read and written without ROS."""

from vpr_ros.bags.drive import write_drive
from vpr_ros.bags.folder import ImageFolder, natural_order
from vpr_ros.bags.from_images import bag_from_images
from vpr_ros.bags.images import BagImage, IMAGE_TYPES
from vpr_ros.bags.poses import POSE_TYPES, StampedPose
from vpr_ros.bags.reader import BagReader
from vpr_ros.bags.storage import is_bag, TopicInfo
from vpr_ros.bags.writer import BagWriter

__all__ = [
    'IMAGE_TYPES',
    'POSE_TYPES',
    'BagImage',
    'BagReader',
    'BagWriter',
    'ImageFolder',
    'StampedPose',
    'TopicInfo',
    'bag_from_images',
    'is_bag',
    'natural_order',
    'write_drive',
]
