# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node makes of a moment before it recognises it, made of a bag: the same frames.

Cameras are grouped, masked and rectified as in the node, and each image comes with the calibration
and the depth that relative poses need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from vpr_ros.bags import BagReader
from vpr_ros.bags.moments import Moment, RigTopics, Sight
from vpr_ros.building.topics import BagTopics, rig_topics
from vpr_ros.cameras.camera_set import CameraSet
from vpr_ros.errors import ConfigError, ImageError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import Depth
from vpr_ros.geometry.inputs import beside, camera_of, depth_from
from vpr_ros.geometry.relative_poses import RelativePoses
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, ImageArray


class Seen(NamedTuple):
    """One image of a moment and what relative poses need beside it.

    Attributes:
        frame: ready to be recognised.
        camera: its calibration, or None.
        depth: measures when it is asked; None where there is none.
    """

    frame: Frame
    camera: CameraModel | None = None
    depth: Callable[[], Depth | None] = lambda: None

    def show(self, poses: RelativePoses | None) -> None:
        """Give it to what makes local features of it."""
        if poses is not None:
            frame = self.frame
            poses.see(frame.image, frame.stamp_ns, frame.frame_id, self.camera, self.depth)


class Cameras:
    """The cameras of the robot that recorded a source.

    Attributes:
        set: names, directions, lenses and masks.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the settings.

        Raises:
            ConfigError: see :class:`CameraSet`.
        """
        self.set = CameraSet(settings)
        self._settings = settings

    def topics(self, reader: BagReader, given: BagTopics) -> RigTopics:
        """Find what is read of a bag; raises as :func:`rig_topics`."""
        return rig_topics(reader, given, self._settings, self.set.names)

    def moments(
        self, reader: BagReader, given: BagTopics
    ) -> Iterator[Callable[[], tuple[Seen, ...]]]:
        """Give the moments of a bag, to be decoded in any thread.

        Raises:
            DataError: a topic is missing, or the bag is damaged.
            ConfigError: a topic must be named, or two cameras carry one frame_id.
        """
        for moment in reader.moments(self.topics(reader, given), self.set.grouping().add):
            for name, sight in moment.sights.items():
                self.set.learn(name, sight.image.frame_id)
                if sight.info is not None:
                    self.set.calibrate(name, sight.info)
            yield partial(self._seen, moment)

    def alone(self, load: Callable[[], Frame]) -> tuple[Seen, ...]:
        """Make a moment of a frame that is of no bag."""
        frame = load()
        if self.set.several:
            raise ConfigError('cameras names several, but only bags hold the images of several; '
                              'leave the parameter cameras out')
        return (Seen(self._ready('', frame)),)

    def _seen(self, moment: Moment) -> tuple[Seen, ...]:
        made = []
        for name, sight in moment.sights.items():
            image = sight.image
            if image.rgb is None:
                raise image.error or ImageError('it cannot be decoded')
            frame = self._ready(name, Frame(image.rgb, image.stamp_ns, image.frame_id,
                                            moment.pose, moment.travelled_m))
            camera = None
            if self._settings.relative_pose and sight.info is not None:
                camera = camera_of(sight.info)
            made.append(Seen(frame, camera, partial(self._depth, sight, frame.image)))
        return tuple(made)

    def _ready(self, name: str, frame: Frame) -> Frame:
        prepared = self.set.prepared(name, frame.image)
        if prepared is frame.image:
            return frame
        return Frame(prepared, frame.stamp_ns, frame.frame_id, frame.pose, frame.travelled_m)

    def _depth(self, sight: Sight, image: ImageArray) -> Depth | None:
        """Measure as the node does, see :class:`vpr_ros.ros.depth.PoseInputs`."""
        stereo = self._settings.stereo
        found = beside(sight.beside, sight.image.stamp_ns, stereo=stereo,
                       frame_id=sight.image.frame_id if self.set.several else None)
        if found is None or (stereo and sight.right_info is None):
            return None
        return depth_from(found, image, (sight.info, sight.right_info) if stereo else None)
