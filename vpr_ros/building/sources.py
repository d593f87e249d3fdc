# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What maps are built from: bags, image folders, data sets, videos; all of them give frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from vpr_ros.bags import BagReader, ImageFolder, is_bag
from vpr_ros.building.moments import Cameras, Seen
from vpr_ros.building.topics import BagTopics
from vpr_ros.errors import DataError, ImageError
from vpr_ros.images.video import is_video, VideoFile
from vpr_ros.settings import Settings
from vpr_ros.types import Frame

IMAGE_FOLDER_RATE_HZ = 10.0
Undecoded = Callable[[], tuple[Seen, ...]]
"""Decodes one moment, in any thread; raises ImageError when it cannot be decoded."""


def frames_of(
    source: Path, image_topic: str | None = None, odometry_topic: str | None = None, *,
    rate_hz: float = IMAGE_FOLDER_RATE_HZ,
) -> Iterator[Frame]:
    """Frames of a source, in order; what cannot be decoded in a bag is left out.

    Args:
        source: a rosbag2 folder or file, a folder of images, a data set, of which the images in
            database/ are taken, or a video.
        image_topic, odometry_topic: topics of a bag; None takes the only one there is.
        rate_hz: of the images of a folder; bags and videos have stamps of their own.

    Raises:
        DataError: the source is none of these, or an image cannot be read.
    """
    if is_bag(source):
        with BagReader(source) as reader:
            yield from reader.frames(image_topic=image_topic, odometry_topic=odometry_topic)
    elif is_video(source):
        yield from VideoFile(source).frames()
    else:
        yield from _folder(source, rate_hz)


def undecoded(
    source: Path, topics: BagTopics, cameras: Cameras, *, skip: int = 0
) -> Iterator[Undecoded]:
    """Give the moments of a source, to be decoded by whoever has time.

    Args:
        source: see :func:`frames_of`.
        topics: of a bag.
        cameras: of the robot; a source that is no bag has one camera.
        skip: so many moments at the beginning are left out, undecoded.

    Raises:
        DataError, ConfigError: as :func:`frames_of`, or a topic must be named.
    """
    if is_bag(source):
        with BagReader(source) as reader:
            yield from islice(cameras.moments(reader, topics), skip, None)
    elif is_video(source):
        for frame in VideoFile(source).frames(skip):
            yield partial(cameras.alone, partial(_same, frame))
    else:
        folder = _folder(source)
        for number in range(skip, len(folder)):
            yield partial(cameras.alone, partial(folder.frame, number))


def moments_of(
    source: Path, topics: BagTopics, cameras: Cameras
) -> Iterator[tuple[Frame, ...]]:
    """Give the frames of each moment, decoded; what cannot be decoded in a bag is left out.

    Args:
        source, topics, cameras: see :func:`undecoded`.

    Raises:
        DataError: no image of a bag could be decoded; or as :func:`undecoded`.
    """
    decoded, why = 0, None
    for shot in undecoded(source, topics, cameras):
        try:
            seen = shot()
        except ImageError as error:
            if not is_bag(source):
                raise
            why = why or error
            continue
        decoded += 1
        yield tuple(view.frame for view in seen)
    if why is not None and not decoded:
        raise DataError(f'no image of {source} can be used: {why}')


def count_frames(source: Path) -> int:
    """Count the images of a source; raises as :func:`count_moments`."""
    return count_moments(source, BagTopics(), Cameras(Settings()))


def count_moments(source: Path, topics: BagTopics, cameras: Cameras) -> int:
    """Count the images of a source; of a bag those of the leading camera.

    Raises:
        DataError, ConfigError: the source is none, or a topic must be named.
    """
    if is_video(source):
        return len(VideoFile(source))
    if not is_bag(source):
        return len(_folder(source))
    with BagReader(source) as reader:
        leading = next(iter(cameras.topics(reader, topics).images.values()))
        return sum(info.count for info in reader.topics() if info.name == leading)


def fingerprint(source: Path) -> list[list[str | int]]:
    """Names, sizes and times of change of a source's files: the same while nobody touches it."""
    files = sorted(source.rglob('*')) if source.is_dir() else [source]
    try:
        return [[str(file.relative_to(source)), file.stat().st_size, file.stat().st_mtime_ns]
                for file in files if file.is_file()]
    except OSError as error:
        raise DataError(f'{source} cannot be read: {error.strerror}') from error


def _folder(source: Path, rate_hz: float = IMAGE_FOLDER_RATE_HZ) -> ImageFolder:
    """Open the images of a folder, or those of the database of a data set."""
    database = source / 'database'
    return ImageFolder(database if database.is_dir() else source, rate_hz=rate_hz)


def _same(frame: Frame) -> Frame:
    return frame
