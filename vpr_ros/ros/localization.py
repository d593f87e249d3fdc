# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Where in its stored map the robot is, as a message and in words."""

from __future__ import annotations

from vpr_msgs.msg import Localization as LocalizationMessage
from vpr_ros.relocalization import Localization
from vpr_ros.ros.conversions import Context
from vpr_ros.ros.geometry import pose_to_message, stamp_to_message


def localization_to_message(found: Localization, context: Context) -> LocalizationMessage:
    """One localization."""
    message = LocalizationMessage(
        lost=found.lost, probability=float(found.probability), elsewhere=float(found.elsewhere),
        evidence=found.evidence, direction=found.direction, spread=float(found.spread),
        map_uuid=context.map_uuid,
    )
    message.header.stamp = stamp_to_message(found.stamp_ns)
    message.header.frame_id = found.frame_id
    place = found.place
    if place is not None:
        message.place_id, message.place_stamp = place.place_id, stamp_to_message(place.stamp_ns)
        message.session = context.session_name(place.session_id)
        if place.pose is not None:
            message.has_pose, message.pose = True, pose_to_message(place.pose)
            message.pose_frame_id = place.pose.frame_id
    return message


def is_lost(found: Localization | None) -> bool:
    """Whether the robot has looked around in a map and does not know its place."""
    return found is not None and found.lost and found.evidence > 0


def in_words(found: Localization | None) -> str:
    """For the diagnostics."""
    if found is None:
        return 'off'
    if found.place is None:
        return 'lost: the map is empty'
    state = 'lost: at best' if found.lost else 'found:'
    return (f'{state} place {found.place.place_id} with probability {found.probability:.2f} '
            f'after {found.evidence} images')
