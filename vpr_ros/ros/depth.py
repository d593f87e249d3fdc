# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What relative poses need of ROS: the camera's calibration, and depth images by stamp."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
import threading
from typing import Any

import numpy as np

from vpr_ros.errors import ConfigError, ImageError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.relative_poses import RelativePoses
from vpr_ros.parameters import Value
from vpr_ros.ros.geometry import stamp_from_message
from vpr_ros.types import FloatArray, Frame

KEPT = 30
APART_NS = 20_000_000  # a depth image this far from the image's stamp is of the same moment
METRES = {'16UC1': 0.001, 'mono16': 0.001, '32FC1': 1.0}


def depth_of(message: Any) -> FloatArray:
    """A sensor_msgs/Image of depths in metres, float32 (H, W): 16UC1 is mm, 32FC1 m (REP 118).

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
    """The calibration of a sensor_msgs/CameraInfo.

    Raises:
        ConfigError: it holds none, or one that is not understood.
    """
    return CameraModel.of(width=message.width, height=message.height, k=message.k, d=message.d,
                          model=message.distortion_model)


def check_settings(values: Mapping[str, Value]) -> None:
    """Check what does not go together.

    Raises:
        ConfigError: features would be undistorted twice.
    """
    if values['relative_pose'] and values['rectify']:
        raise ConfigError('relative_pose and rectify are both set, but relative_pose undistorts '
                          'its features itself and depth belongs to the images as they come; '
                          'leave one out')


class PoseInputs:
    """Filled by the executor's thread, asked by the worker's."""

    def __init__(
        self, *, single: bool = True, expected: Callable[[], bool] = lambda: False,
        wait_s: float = 0.1,
    ) -> None:
        """Begin empty.

        Args:
            single: there is one camera, so that any calibration is its, whatever its frame.
            expected: whether somebody publishes depth images, so that waiting makes sense.
            wait_s: how long a depth image may come after its image.
        """
        self._depths: deque[Any] = deque(maxlen=KEPT)
        self._arrived = threading.Condition()
        self._single, self._expected, self._wait_s = single, expected, wait_s
        self._cameras: dict[str, CameraModel] = {}
        self.problem = ''

    def show(self, frame: Frame, poses: RelativePoses | None) -> None:
        """Give a frame to what makes features of it, with its calibration and depth."""
        if poses is not None:
            stamp_ns = frame.stamp_ns
            poses.see(frame.image, stamp_ns, frame.frame_id, self.camera(frame.frame_id),
                      lambda: self.depth(stamp_ns, frame.frame_id))

    def add_depth(self, message: Any) -> None:
        """Take a depth image."""
        with self._arrived:
            self._depths.append(message)
            self._arrived.notify_all()

    def add_camera_info(self, message: Any) -> None:
        """Take a calibration; one that cannot be used is no calibration."""
        try:
            self._cameras[message.header.frame_id], self.problem = camera_of(message), ''
        except ConfigError as error:
            self._cameras.pop(message.header.frame_id, None)
            self.problem = str(error)

    def camera(self, frame_id: str) -> CameraModel | None:
        """The last calibration of a camera; None while there is none."""
        known = self._cameras
        only = next(iter(known.values())) if self._single and len(known) == 1 else None
        return known.get(frame_id) or only

    def depth(self, stamp_ns: int, frame_id: str = '') -> FloatArray | None:
        """The depth image of a stamp; None when there is none.

        With several cameras it must carry the optical frame of its camera.

        It may be under way still: it is waited for, when somebody publishes depth at all.

        Raises:
            ImageError: it cannot be read.
        """
        def nearest() -> Any | None:
            own = [m for m in self._depths if self._single or m.header.frame_id == frame_id]
            found = min(own, default=None,
                        key=lambda m: abs(stamp_from_message(m.header.stamp) - stamp_ns))
            if found is None or abs(
                    stamp_from_message(found.header.stamp) - stamp_ns) > APART_NS:
                return None
            return found

        with self._arrived:
            found = nearest()
            if found is None and self._expected():
                self._arrived.wait_for(lambda: nearest() is not None, self._wait_s)
                found = nearest()
        return None if found is None else depth_of(found)
