# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The cameras of one node: their topics, and frames made of their messages.

With one camera an item of the worker is an image message. With several it is a moment: camera name
-> image message, the leading camera first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sensor_msgs.msg import CameraInfo

from vpr_ros.cameras.camera_set import CameraSet
from vpr_ros.images.messages import rgb_of
from vpr_ros.ros.geometry import stamp_from_message
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Pose


class Cameras(CameraSet):
    """What one node knows of its cameras."""

    def __init__(self, settings: Settings) -> None:
        """Read the settings; raises as :class:`CameraSet` does."""
        super().__init__(settings)
        self._grouping = self.grouping()

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
            image_type, profile: of the image topics; calibrations come with the same profile.
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
                    CameraInfo, f'{name}/camera_info'.lstrip('/'), told, profile),
            ]
        return subscriptions

    def leading(self, item: Any) -> tuple[str, Any]:
        """Name and message of the first camera of an item."""
        return next(iter(item.items())) if isinstance(item, dict) else ('', item)

    def frames(
        self, item: Any, pose: Pose | None, travelled_m: float | None
    ) -> list[Frame]:
        """Make the images of an item ready to be recognised, the leading camera first.

        Raises:
            ImageError: an image cannot be read.
            ConfigError: sizes do not fit, a calibration is missing or cannot be used, or two
                cameras carry one frame_id.
        """
        parts = item if isinstance(item, dict) else {'': item}
        frames = []
        for name, message in parts.items():
            frame_id = message.header.frame_id
            self.learn(name, frame_id)
            frames.append(Frame(self.prepared(name, rgb_of(message)),
                                stamp_from_message(message.header.stamp), frame_id, pose,
                                travelled_m))
        return frames

    def _receive(self, name: str, take: Callable[[Any], None], message: Any) -> None:
        for moment in self._grouping.add(name, stamp_from_message(message.header.stamp), message):
            take(moment)
