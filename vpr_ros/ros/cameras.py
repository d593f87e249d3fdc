# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The cameras of one node: their topics, what makes a moment of several, and pixels made ready.

With one camera an item of the worker is an image message. With several it is a moment: camera name
-> image message, the leading camera first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sensor_msgs.msg import CameraInfo

from vpr_ros.cameras.grouping import Grouping
from vpr_ros.cameras.lens import CameraModel
from vpr_ros.cameras.mask import BodyMask
from vpr_ros.cameras.preparation import Preparation
from vpr_ros.cameras.rig import parse_cameras, Rig
from vpr_ros.errors import ConfigError
from vpr_ros.parameters import Value
from vpr_ros.ros import qos
from vpr_ros.ros.camera import rgb_of
from vpr_ros.ros.geometry import stamp_from_message
from vpr_ros.types import Frame, ImageArray, Pose


def model_of(message: Any) -> CameraModel:
    """The calibration in a sensor_msgs/CameraInfo, for rectification."""
    return CameraModel(
        width=message.width, height=message.height, distortion=message.distortion_model,
        coefficients=tuple(map(float, message.d)), k=tuple(map(float, message.k)),
        r=tuple(map(float, message.r)), p=tuple(map(float, message.p)),
    )


class Cameras:
    """What one node knows of its cameras.

    Attributes:
        rig: names and directions; empty for one camera.
        problem: why the last calibration cannot be used, '' for none.
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        """Read the parameters ``cameras``, ``camera_sync_s``, ``rectify`` and ``mask``.

        Raises:
            ConfigError: one of them is wrong, or a mask cannot be read.
        """
        words = values['cameras']
        self.rig = Rig(parse_cameras(words if isinstance(words, tuple) else ()))
        self.names = tuple(camera.name for camera in self.rig.cameras) or ('',)
        self.problem = ''
        mask = str(values['mask'])
        if self.several and mask and '{camera}' not in mask:
            raise ConfigError(f'mask: {mask[:200]!r} found, but several cameras need one each; '
                              f"write {{camera}} for the camera's name")
        self._preparations = {
            name: Preparation(
                mask=BodyMask.load(mask.replace('{camera}', name)) if mask else None,
                rectify=bool(values['rectify']))
            for name in self.names
        }
        self._grouping: Grouping[Any] = Grouping(
            self.names, float(values['camera_sync_s']))  # type: ignore[arg-type]

    @property
    def several(self) -> bool:
        """Whether the robot has more than one camera."""
        return self.names != ('',)

    @property
    def incomplete(self) -> int:
        """Moments that one camera or more has missed."""
        return self._grouping.incomplete

    def subscribe(
        self, node: Any, image_type: Any, profile: Any, resolve: Callable[[str], str],
        take: Callable[[Any], None], take_info: Callable[[Any], None],
        take_lens: Callable[[Any], None],
    ) -> list[Any]:
        """Subscribe to every camera.

        Args:
            node: gets the subscriptions.
            image_type, profile: of the image topics.
            resolve: camera name -> its image topic.
            take: gets every item for the worker.
            take_info: gets the calibrations of the leading camera as they come.
            take_lens: gets those of every camera.
        """
        self._grouping.reset()
        subscriptions = []
        for number, name in enumerate(self.names):
            def told(message: Any, name: str = name, leading: bool = number == 0) -> None:
                self.calibrate(name, message)
                take_lens(message)
                if leading:
                    take_info(message)

            receive = partial(self._receive, name, take) if self.several else take
            subscriptions += [
                node.create_subscription(image_type, resolve(name), receive, profile),
                node.create_subscription(
                    CameraInfo, f'{name}/camera_info'.lstrip('/'), told, qos.SENSOR),
            ]
        return subscriptions

    def leading(self, item: Any) -> tuple[str, Any]:
        """Name and message of the first camera of an item."""
        return next(iter(item.items())) if isinstance(item, dict) else ('', item)

    def frames(
        self, item: Any, pose: Pose | None, travelled_m: float | None
    ) -> list[Frame]:
        """The images of an item, ready to be recognised, the leading camera first.

        Raises:
            ImageError: an image cannot be read.
            ConfigError: sizes do not fit, a calibration is missing or cannot be used, or two
                cameras carry one frame_id.
        """
        parts = item if isinstance(item, dict) else {'': item}
        frames = []
        for name, message in parts.items():
            frame_id = message.header.frame_id
            if self.several:
                self.rig.learn(name, frame_id)
            frames.append(Frame(self._prepared(name, rgb_of(message)),
                                stamp_from_message(message.header.stamp), frame_id, pose,
                                travelled_m))
        return frames

    def _prepared(self, name: str, image: ImageArray) -> ImageArray:
        preparation = self._preparations[name]
        if preparation.off:
            return image
        if preparation.rectify and self.problem and not preparation.calibrated:
            raise ConfigError(self.problem)
        return preparation(image)

    def calibrate(self, name: str, message: Any) -> None:
        """Take the calibration of a camera; why it cannot be used is in :attr:`problem`."""
        try:
            self._preparations[name].calibrate(model_of(message))
            self.problem = ''
        except ConfigError as error:
            self.problem = str(error)

    def _receive(self, name: str, take: Callable[[Any], None], message: Any) -> None:
        for moment in self._grouping.add(name, stamp_from_message(message.header.stamp), message):
            take(moment)


def query_frame(frames: list[Frame], frame_id: str) -> Frame:
    """The frame of the camera that made the best match."""
    return next((frame for frame in frames if frame.frame_id == frame_id), frames[0])
