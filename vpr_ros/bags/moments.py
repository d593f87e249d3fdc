# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the cameras of a robot saw at one moment, read from a bag with all that belongs to it.

Images wait until the log is a quarter of a second ahead of them, so that odometry, calibrations
and depth that were recorded shortly after an image are there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vpr_ros.bags.images import bag_image, BagImage, StampOrder
from vpr_ros.bags.message_types import deserialize
from vpr_ros.bags.poses import PoseDecoder
from vpr_ros.bags.storage import RawMessage
from vpr_ros.odometry import OdometryTrack
from vpr_ros.types import Pose

KEPT = 30  # images of depth or of a right camera, for each camera
PAUSE_NS = 750_000_000  # without a message, beside the time that images wait
WAITING = 16  # images that wait for their turn, for each camera


@dataclass(frozen=True)
class RigTopics:
    """The topics of a bag that are read.

    Attributes:
        images: camera name -> image topic, the leading camera first.
        odometry: topic of poses, or None.
        infos: camera name -> topic of its calibration, where there is one.
        beside: topics of depth images, or of the images of a right camera.
        right_info: topic of the right camera's calibration, '' for none.
    """

    images: Mapping[str, str]
    odometry: str | None = None
    infos: Mapping[str, str] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    right_info: str = ''

    def all(self) -> list[str]:  # noqa: A003
        """Return every topic, once."""
        some = [*self.images.values(), self.odometry, *self.infos.values(), *self.beside,
                self.right_info]
        return list(dict.fromkeys(topic for topic in some if topic))


class Sight(NamedTuple):
    """One camera's image of a moment, not decoded yet.

    Attributes:
        image: see :class:`BagImage`.
        info: the last sensor_msgs/CameraInfo of the camera, or None.
        beside: the latest messages of :attr:`RigTopics.beside`, an image of them has its stamp.
        right_info: the last calibration of the right camera, or None.
    """

    image: BagImage
    info: Any | None = None
    beside: tuple[Any, ...] = ()
    right_info: Any | None = None


class Moment(NamedTuple):
    """What the cameras saw at one time.

    Attributes:
        sights: camera name -> image, the leading camera first; a camera may be missing.
        pose, travelled_m: of the robot at the stamp of the first image, or None.
    """

    sights: Mapping[str, Sight]
    pose: Pose | None
    travelled_m: float | None


Group = Callable[[str, int, Sight], Sequence[Mapping[str, Sight]]]
"""Takes a camera's name, a stamp and an image; returns the moments that are complete now."""


def one_camera(name: str, stamp_ns: int, sight: Sight) -> list[dict[str, Sight]]:
    """Make every image a moment of its own; see :data:`Group`."""
    return [{name: sight}]


def moments(
    messages: Iterable[RawMessage], topics: RigTopics, group: Group = one_camera
) -> Iterator[Moment]:
    """Find the moments of a recording, in the order of their stamps.

    Args:
        messages: those of all the topics, by log time.
        topics: which they are.
        group: makes moments of the images of several cameras.
    """
    return _Moments(topics, group).read(messages)


class _Moments:
    """What has been read and not been used yet."""

    def __init__(self, topics: RigTopics, group: Group) -> None:
        self._topics, self._group = topics, group
        self._camera_of = {topic: name for name, topic in topics.images.items()}
        self._info_of = {topic: name for name, topic in topics.infos.items()}
        self._order = StampOrder(most=WAITING * len(self._camera_of))
        self._track, self._decoder = OdometryTrack(), PoseDecoder()
        self._infos: dict[str, Any] = {}
        self._right_info: Any = None
        self._beside: deque[Any] = deque(maxlen=KEPT * max(len(topics.beside), 1))

    def read(self, messages: Iterable[RawMessage]) -> Iterator[Moment]:
        """Yield the moments."""
        for message in messages:
            for image in self._take(message):
                yield from self._moments(image)
        for image in self._order.flush():
            yield from self._moments(image)

    def _take(self, message: RawMessage) -> Iterator[BagImage]:
        """Sort a message in; the images that need not wait any longer."""
        topic = message.topic
        # after a pause odometry begins anew and says nothing about the images before it
        yield from self._order.until(message.log_time_ns - PAUSE_NS)
        if topic in self._camera_of:
            yield from self._order.push(bag_image(message))
            return
        if topic == self._topics.odometry:
            found = self._decoder.decode(message)
            if found is not None:
                self._track.add(found.stamp_ns, found.pose)
        else:
            self._keep(topic, message)
        yield from self._order.until(message.log_time_ns)

    def _keep(self, topic: str, message: RawMessage) -> None:
        try:
            content = deserialize(message.raw, message.type)
        except Exception:  # damaged: as if it had not been recorded
            return
        if topic in self._info_of:
            self._infos[self._info_of[topic]] = content
        elif topic == self._topics.right_info:
            self._right_info = content
        else:
            self._beside.append(content)

    def _moments(self, image: BagImage) -> Iterator[Moment]:
        name = self._camera_of[image.topic]
        sight = Sight(image, self._infos.get(name), tuple(self._beside), self._right_info)
        for sights in self._group(name, image.stamp_ns, sight):
            where = self._track.at(next(iter(sights.values())).image.stamp_ns)
            yield Moment(sights, where.pose if where else None,
                         where.travelled_m if where else None)
