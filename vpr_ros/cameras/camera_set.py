# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The cameras of one robot as the settings describe them: names, lenses, masks, moments.

The node and the tools that read bags hold one each, so that an image goes the same way through
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vpr_ros.cameras.grouping import Grouping
from vpr_ros.cameras.lens import CameraModel
from vpr_ros.cameras.mask import BodyMask
from vpr_ros.cameras.preparation import Preparation
from vpr_ros.cameras.rig import parse_cameras, Rig
from vpr_ros.errors import ConfigError
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, ImageArray


class CameraSet:
    """What is known of a robot's cameras.

    Attributes:
        rig: names and directions; empty for one camera.
        names: of the cameras, the leading one first; one empty name for one camera.
        problem: why the last calibration cannot be used, '' for none.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the parameters ``cameras``, ``camera_sync_s``, ``rectify`` and ``mask``.

        Raises:
            ConfigError: one of them is wrong, or a mask cannot be read.
        """
        self.rig = Rig(parse_cameras(settings.cameras))
        self.names = tuple(camera.name for camera in self.rig.cameras) or ('',)
        self.problem = ''
        mask = settings.mask
        if self.several and mask and '{camera}' not in mask:
            raise ConfigError(f'mask: {mask[:200]!r} found, but several cameras need one each; '
                              f"write {{camera}} for the camera's name")
        if self.several and settings.stereo:
            raise ConfigError(f'stereo and cameras {", ".join(self.names)} are both set, but '
                              'stereo is for a robot with one pair; leave one out')
        if settings.relative_pose and settings.rectify:
            raise ConfigError('relative_pose and rectify are both set, but relative_pose '
                              'undistorts its features itself and depth belongs to the images as '
                              'they come; leave one out')
        self._preparations = {
            name: Preparation(
                mask=BodyMask.load(mask.replace('{camera}', name)) if mask else None,
                rectify=settings.rectify)
            for name in self.names
        }
        self._sync_s = settings.camera_sync_s

    @property
    def several(self) -> bool:
        """Whether the robot has more than one camera."""
        return self.names != ('',)

    def grouping(self) -> Grouping[Any]:
        """Return what makes moments of the cameras' images."""
        return Grouping(self.names, self._sync_s)

    def calibrate(self, name: str, message: Any) -> None:
        """Take a sensor_msgs/CameraInfo; why it cannot be used is in :attr:`problem`."""
        try:
            self._preparations[name].calibrate(CameraModel(
                width=message.width, height=message.height, distortion=message.distortion_model,
                coefficients=tuple(map(float, message.d)), k=tuple(map(float, message.k)),
                r=tuple(map(float, message.r)), p=tuple(map(float, message.p))))
            self.problem = ''
        except ConfigError as error:
            self.problem = str(error)

    def prepared(self, name: str, image: ImageArray) -> ImageArray:
        """Make an image of a camera ready, uint8 (H, W, 3) RGB: mask, then lens.

        Raises:
            ConfigError: sizes do not fit, or a calibration is missing or cannot be used.
        """
        preparation = self._preparations[name]
        if preparation.off:
            return image
        if preparation.rectify and self.problem and not preparation.calibrated:
            raise ConfigError(self.problem)
        return preparation(image)

    def learn(self, name: str, frame_id: str) -> None:
        """Remember that a camera's images carry this optical frame.

        Raises:
            ConfigError: another camera's do, too.
        """
        if self.several:
            self.rig.learn(name, frame_id)


def query_frame(frames: Sequence[Frame], frame_id: str) -> Frame:
    """Return the frame of the camera that made the best match."""
    return next((frame for frame in frames if frame.frame_id == frame_id), frames[0])
