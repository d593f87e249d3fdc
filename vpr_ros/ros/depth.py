# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What relative poses need of ROS: calibrations, and by stamp depth images or right images."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
import threading
from typing import Any

from sensor_msgs.msg import CameraInfo, Image

from vpr_ros.errors import ConfigError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import Depth
from vpr_ros.geometry.inputs import beside, camera_of, depth_from
from vpr_ros.geometry.relative_poses import RelativePoses
from vpr_ros.types import Frame

KEPT = 30


class PoseInputs:
    """Filled by the executor's thread, asked by the worker's."""

    def __init__(
        self, *, single: bool = True, stereo: bool = False,
        expected: Callable[[], bool] = lambda: False, wait_s: float = 0.1,
    ) -> None:
        """Begin empty.

        Args:
            single: there is one camera, so that any calibration is its, whatever its frame.
            stereo: depth comes from the images of a right camera, not from depth images.
            expected: whether somebody publishes depth (or right) images, so that waiting makes
                sense.
            wait_s: how long such an image may come after its image, and the first calibration.
        """
        self._images: deque[Any] = deque(maxlen=KEPT)  # depth images, or those of the right camera
        self._arrived = threading.Condition()
        self._single, self._stereo = single, stereo
        self._expected, self._wait_s = expected, wait_s
        self._cameras: dict[str, CameraModel] = {}
        self._awaited: set[str] = set()
        self._left_info: Any = None
        self._right_info: Any = None
        self.problem, self.topic = '', ''

    def subscribe(self, node: Any, image_type: Any, profile: Any) -> list[Any]:
        """Subscribe to ``depth``, or with stereo to ``right/image`` and ``right/camera_info``.

        Args:
            node: gets the subscriptions.
            image_type, profile: of the camera's images; those of the right camera are the same.
        """
        self.topic = (
            node.image_topic('right') if self._stereo else node.resolve_topic_name('depth'))
        kind = image_type if self._stereo else Image
        subscriptions = [node.create_subscription(kind, self.topic, self.add_depth, profile)]
        if self._stereo:
            subscriptions.append(node.create_subscription(
                CameraInfo, 'right/camera_info', self.add_right_info, profile))
        return subscriptions

    def show(self, frame: Frame, poses: RelativePoses | None) -> None:
        """Give a frame to what makes features of it, with its calibration and depth."""
        if poses is not None:
            poses.see(frame.image, frame.stamp_ns, frame.frame_id,
                      self._await_camera(frame.frame_id), lambda: self.measure(frame))

    def add_depth(self, message: Any) -> None:
        """Take a depth image; with stereo, an image of the right camera."""
        with self._arrived:
            self._images.append(message)
            self._arrived.notify_all()

    def add_camera_info(self, message: Any) -> None:
        """Take a calibration; one that cannot be used is no calibration."""
        try:
            camera = camera_of(message)
            with self._arrived:
                self._cameras[message.header.frame_id], self.problem = camera, ''
                self._left_info = message
                self._arrived.notify_all()
        except ConfigError as error:
            self._cameras.pop(message.header.frame_id, None)
            self.problem = str(error)

    def add_right_info(self, message: Any) -> None:
        """Take the calibration of the right camera."""
        with self._arrived:
            self._right_info = message
            self._arrived.notify_all()

    def camera(self, frame_id: str) -> CameraModel | None:
        """Return the last calibration of a camera; None while there is none."""
        known = self._cameras
        only = next(iter(known.values())) if self._single and len(known) == 1 else None
        return known.get(frame_id) or only

    def _await_camera(self, frame_id: str) -> CameraModel | None:
        """Return a camera's calibration; that of the first image may be behind it, for once."""
        found = self.camera(frame_id)
        if found is None and frame_id not in self._awaited:
            self._awaited.add(frame_id)
            with self._arrived:
                self._arrived.wait_for(lambda: self.camera(frame_id) is not None, self._wait_s)
                found = self.camera(frame_id)
        return found

    def measure(self, frame: Frame) -> Depth | None:
        """Return the depth of an image; None where there is none.

        With several cameras a depth image must carry the optical frame of its camera.

        Raises:
            ImageError: what came cannot be read.
            ConfigError: the right camera has no calibration, or is no part of a pair.
        """
        found = self._await(frame)
        if found is None:
            return None
        if not self._stereo:
            return depth_from(found, frame.image, None)
        with self._arrived:  # that of the first image may be behind it
            self._arrived.wait_for(lambda: self._right_info is not None, self._wait_s)
        if self._right_info is None:
            raise ConfigError('right images come but no right/camera_info; remap it to the '
                              "calibration of the pair's right camera")
        return depth_from(found, frame.image, (self._left_info, self._right_info))

    def _await(self, frame: Frame) -> Any | None:
        """Return what is beside a frame; it may be under way when somebody publishes any."""

        def seen() -> Any | None:
            return beside(self._images, frame.stamp_ns, stereo=self._stereo,
                          frame_id=None if self._single else frame.frame_id)

        with self._arrived:
            found = seen()
            if found is None and self._expected():
                self._arrived.wait_for(lambda: seen() is not None, self._wait_s)
                found = seen()
        return found
