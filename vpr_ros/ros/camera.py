# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What comes from a camera: a calibration, and publishers that may or may not fit."""

from __future__ import annotations

from typing import Any

from rclpy.qos import ReliabilityPolicy


def mismatch(publishers: list[Any], transport: str, *, lockstep: bool) -> str:
    """Why none of the publishers of the image topic can be heard, in words; '' when one can.

    Args:
        publishers: rclpy's TopicEndpointInfo of each.
        transport: the parameter ``image_transport``.
        lockstep: the parameter of that name.
    """
    type_name = f"sensor_msgs/msg/{'CompressedImage' if transport == 'compressed' else 'Image'}"
    best_effort = ReliabilityPolicy.BEST_EFFORT
    fitting = [p for p in publishers if p.topic_type == type_name]
    if publishers and not fitting:
        return (f'{publishers[0].topic_type} is published, {type_name} is expected: change '
                f'image_transport or the topic')
    if lockstep and fitting and all(p.qos_profile.reliability == best_effort for p in fitting):
        return 'lockstep needs a reliable publisher, this one is best effort'
    return ''


def calibration_in_words(info: Any | None) -> str:
    """Describe a sensor_msgs/CameraInfo in words."""
    if info is None:
        return 'none received'
    calibrated = info.distortion_model if info.k[0] > 0 else 'not calibrated'
    return f'{info.width}x{info.height} {calibrated} in {info.header.frame_id!r}'


def calibration_mismatch(info: Any | None, image_format: str) -> str:
    """Why a sensor_msgs/CameraInfo cannot be that of the images, in words; '' when it can.

    Args:
        info: the last one, or None.
        image_format: of the last image, such as ``640x480 rgb8``; '' before the first.
    """
    size = image_format.partition(' ')[0]
    if info is None or not size or f'{info.width}x{info.height}' == size:
        return ''
    return f'camera_info is of {info.width}x{info.height} pixels, the images have {size}'
