# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Read a recording: its topics, images, poses, and frames that join both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from vpr_ros.bags.images import bag_image, BagImage, StampOrder
from vpr_ros.bags.message_types import NANOSECONDS
from vpr_ros.bags.moments import Group, Moment, moments, one_camera, RigTopics
from vpr_ros.bags.poses import POSE_TYPES, PoseDecoder, StampedPose
from vpr_ros.bags.selection import choose_image_topic, choose_odometry_topic, named_topic
from vpr_ros.bags.storage import RawMessage, Storage, TopicInfo
from vpr_ros.errors import DataError, ImageError
from vpr_ros.odometry import normalized
from vpr_ros.types import Frame


class BagReader:
    """One recording, read as a stream: a message or two are in memory at a time.

    ::

        with BagReader(Path('drive')) as reader:
            for frame in reader.frames():
                recognizer.process(frame)

    Attributes:
        skipped: images that :meth:`frames` left out because they cannot be decoded.
        first_error: why the first of them cannot be decoded, or None.
    """

    def __init__(
        self, paths: Path | str | Sequence[Path | str], *, image_topic: str | None = None
    ) -> None:
        """Remember what to open; ``with`` opens it.

        Args:
            paths: a rosbag2 folder (sqlite3 or mcap, also compressed) or a bare ``.mcap`` or
                ``.db3`` file; several are parts of one recording, merged by log time.
            image_topic: the camera; None takes the only one there is.
        """
        several = [paths] if isinstance(paths, (str, Path)) else paths
        self._paths = [Path(path) for path in several]
        self._image_topic = image_topic
        self._opened: Storage | None = None
        self.skipped = 0
        self.first_error: ImageError | None = None

    def __enter__(self) -> BagReader:
        """Open the files.

        Raises:
            DataError: a path is missing, no bag, or damaged.
        """
        self._opened = Storage(self._paths)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    @property
    def name(self) -> str:
        """What the recording is called in messages to the user."""
        return ', '.join(str(path) for path in self._paths)

    def topics(self) -> tuple[TopicInfo, ...]:
        """All topics, sorted by name."""
        return self._storage.topics

    @property
    def duration_s(self) -> float:
        """From the first to the last message by log time, seconds."""
        span = self._storage.span_ns
        return (span[1] - span[0]) / NANOSECONDS if span else 0.0

    @property
    def image_topic(self) -> str:
        """The camera that is read when no topic is named.

        Raises:
            DataError: there is none, or not the one that was asked for.
            ConfigError: there are several and none was asked for.
        """
        return choose_image_topic(self.topics(), self._image_topic, self.name)

    @property
    def image_count(self) -> int:
        """Number of images of :attr:`image_topic`; raises as that does."""
        topic = self.image_topic
        return sum(info.count for info in self.topics() if info.name == topic)

    def odometry_topic(self, name: str | None = None) -> str | None:
        """Find the topic that :meth:`frames` takes poses from: the one named or the only odometry.

        Args:
            name: a topic, '' for none, None for the only nav_msgs/Odometry there is.

        Raises:
            DataError: no such topic, or not one of poses.
            ConfigError: there are several and none was named.
        """
        return choose_odometry_topic(self.topics(), name, self.name)

    def messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """Raw messages by log time: (topic, log_time_ns, raw CDR, type).

        Args:
            topics: which; None for all.

        Raises:
            DataError: a topic is not in the bag, or a file is damaged further on.
        """
        for topic in topics or ():
            named_topic(self.topics(), topic, self.name)
        return self._storage.messages(topics)

    def images(self, topic: str | None = None) -> Iterator[BagImage]:
        """Images in the order of their stamps; each is decoded when its ``rgb`` is asked for.

        Args:
            topic: None takes :attr:`image_topic`.

        Raises:
            DataError, ConfigError: as :attr:`image_topic`, or a file is damaged further on.
        """
        order = StampOrder()
        name = choose_image_topic(self.topics(), topic or self._image_topic, self.name)
        for message in self._storage.messages([name]):
            yield from order.push(bag_image(message))
        yield from order.flush()

    def poses(self, topic: str) -> Iterator[StampedPose]:
        """Yield the valid poses of a topic, by log time, with unit quaternions.

        Args:
            topic: of nav_msgs/Odometry, geometry_msgs/PoseStamped, PoseWithCovarianceStamped or
                TransformStamped, or of sensor_msgs/NavSatFix, which becomes metres east, north
                and up of the first fix.

        Raises:
            DataError: no such topic, or not one of poses; or a file is damaged further on.
        """
        named_topic(self.topics(), topic, self.name, POSE_TYPES)
        decoder = PoseDecoder()
        for message in self._storage.messages([topic]):
            found = decoder.decode(message)
            pose = None if found is None else normalized(found.pose)
            if found is not None and pose is not None:
                yield StampedPose(found.stamp_ns, pose)

    def odometry(self, topic: str | None = None) -> Iterator[StampedPose]:
        """Poses of the odometry; None takes the only one there is.

        Raises:
            DataError, ConfigError: as :meth:`odometry_topic`, or there is no odometry.
        """
        name = self.odometry_topic(topic)
        if name is None:
            raise DataError(f'{self.name} holds no nav_msgs/Odometry; record the odometry, too')
        return self.poses(name)

    def frames(
        self, image_topic: str | None = None, odometry_topic: str | None = None
    ) -> Iterator[Frame]:
        """Images with the odometry's pose and travelled distance at their stamps.

        An image that cannot be decoded is left out, and counted in :attr:`skipped`.

        Args:
            image_topic: None takes :attr:`image_topic`.
            odometry_topic: see :meth:`odometry_topic`; without one, frames have no pose.

        Raises:
            DataError: no image could be decoded; or as :attr:`image_topic` and
                :meth:`odometry_topic`; or a file is damaged further on.
            ConfigError: as these.
        """
        self.skipped, self.first_error, decoded = 0, None, 0
        camera = choose_image_topic(self.topics(), image_topic or self._image_topic, self.name)
        topics = RigTopics({'': camera}, self.odometry_topic(odometry_topic))
        for sights, pose, travelled_m in self.moments(topics):
            image = sights[''].image
            if image.rgb is None:
                self.skipped += 1
                self.first_error = self.first_error or image.error
                continue
            decoded += 1
            yield Frame(image.rgb, image.stamp_ns, image.frame_id, pose, travelled_m)
        if self.skipped and not decoded:
            raise DataError(f'no image on {camera} of {self.name} can be used: {self.first_error}')

    def moments(self, topics: RigTopics, group: Group = one_camera) -> Iterator[Moment]:
        """Give what the cameras saw at each time, not decoded yet.

        Args:
            topics: which to read.
            group: makes moments of the images.

        Raises:
            DataError: a topic is not in the bag, or a file is damaged further on.
        """
        return moments(self.messages(topics.all()), topics, group)

    @property
    def _storage(self) -> Storage:
        if self._opened is None:
            raise RuntimeError('BagReader is not open; use it in a with statement')
        return self._opened
