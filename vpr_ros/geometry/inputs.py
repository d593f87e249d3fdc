# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What relative poses take from messages, of a running camera or of a bag.

A message is anything that has the fields of its type; no ROS is needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from vpr_ros.errors import ImageError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import Depth, SparseDepth
from vpr_ros.geometry.stereo import StereoPair, StereoSide
from vpr_ros.images.messages import rgb_of
from vpr_ros.types import FloatArray, ImageArray

DEPTH_APART_NS = 20_000_000  # a depth image this far from the image's stamp is of the same moment
STEREO_APART_NS = 5_000_000  # the images of a pair are triggered together
METRES = {'16UC1': 0.001, 'mono16': 0.001, '32FC1': 1.0}


def depth_of(message: Any) -> FloatArray:
    """Read a sensor_msgs/Image of depths, float32 (H, W) metres: 16UC1 is mm, 32FC1 m (REP 118).

    Raises:
        ImageError: another encoding, or fields that do not fit together.
    """
    scale = METRES.get(message.encoding)
    if scale is None:
        raise ImageError(f'the depth image has encoding {message.encoding[:40]!r}, expected '
                         f'{" or ".join(METRES)}; remap depth to the registered depth image')
    kind = np.dtype(np.float32 if scale == 1.0 else np.uint16)
    kind = kind.newbyteorder('>' if message.is_bigendian else '<')
    height, width, step = message.height, message.width, message.step
    if (min(height, width) < 3 or step < width * kind.itemsize
            or len(message.data) < height * step):
        raise ImageError(f'the depth image says {width}x{height} with a step of {step} bytes and '
                         f'holds {len(message.data)} bytes; its driver is at fault')
    rows = np.frombuffer(message.data, np.uint8, height * step).reshape(height, step)
    values = np.ascontiguousarray(rows[:, : width * kind.itemsize]).view(kind)
    return values.astype(np.float32) * np.float32(scale)


def camera_of(message: Any) -> CameraModel:
    """Read the calibration of a sensor_msgs/CameraInfo.

    Raises:
        ConfigError: it holds none, or one that is not understood.
    """
    return CameraModel.of(width=message.width, height=message.height, k=message.k, d=message.d,
                          model=message.distortion_model)


def stereo_of(left: Any, right: Any) -> StereoPair:
    """Read the calibration of a pair from the sensor_msgs/CameraInfo of both cameras.

    Raises:
        ConfigError: they are not calibrated as a pair.
    """
    return StereoPair(*(StereoSide.of(camera_of(info), info.r, info.p) for info in (left, right)))


def stereo_depth(pair: StereoPair, left: ImageArray, right: ImageArray) -> SparseDepth:
    """Measure depth where features of the left image are; see :meth:`StereoPair.depths`."""
    return SparseDepth(lambda points: pair.depths(left, right, points), pair.error_per_m)


def beside(
    messages: Iterable[Any], stamp_ns: int, *, stereo: bool, frame_id: str | None
) -> Any | None:
    """Return the depth image of an image, with stereo its right image; see :func:`nearest`."""
    return nearest(messages, stamp_ns, STEREO_APART_NS if stereo else DEPTH_APART_NS, frame_id)


def depth_from(message: Any, image: ImageArray, pair: tuple[Any, Any] | None) -> Depth:
    """Measure the depth of an image, uint8 (H, W, 3) RGB, by what :func:`beside` gave.

    Args:
        message: a depth image, or the image of the right camera.
        image: of the left camera.
        pair: with stereo the sensor_msgs/CameraInfo of both cameras; else None.

    Raises:
        ImageError: the message cannot be read.
        ConfigError: the cameras are not calibrated as a pair.
    """
    if pair is None:
        return depth_of(message)
    return stereo_depth(stereo_of(*pair), image, rgb_of(message))


def stamp_ns_of(message: Any) -> int:
    """Return the header's stamp, nanoseconds."""
    stamp = message.header.stamp
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def nearest(
    messages: Iterable[Any], stamp_ns: int, within_ns: int, frame_id: str | None = None
) -> Any | None:
    """Return the message whose stamp is nearest; None when none is within the limit.

    Args:
        messages: with headers.
        stamp_ns: of the image.
        within_ns: largest difference.
        frame_id: leave out what carries another frame; None takes any.
    """
    own = (m for m in messages if frame_id is None or m.header.frame_id == frame_id)
    found = min(own, default=None, key=lambda m: abs(stamp_ns_of(m) - stamp_ns))
    return found if found is not None and abs(stamp_ns_of(found) - stamp_ns) <= within_ns else None
