# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What maps are built from: bags, image folders, data sets, videos; all of them give frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from vpr_ros.bags import BagReader, ImageFolder, is_bag
from vpr_ros.bags.reader import Shot
from vpr_ros.errors import DataError, ImageError
from vpr_ros.images.video import is_video, VideoFile
from vpr_ros.types import Frame

IMAGE_FOLDER_RATE_HZ = 10.0
Undecoded = Callable[[], Frame]
"""Decodes one frame, in any thread; raises ImageError when it cannot be decoded."""


def frames_of(
    source: Path, image_topic: str | None = None, odometry_topic: str | None = None
) -> Iterator[Frame]:
    """Frames of a source, in order; what cannot be decoded in a bag is left out.

    Args:
        source: a rosbag2 folder or file, a folder of images, a data set, of which the images in
            database/ are taken, or a video.
        image_topic, odometry_topic: topics of a bag; None takes the only one there is.

    Raises:
        DataError: the source is none of these, or an image cannot be read.
    """
    if is_bag(source):
        with BagReader(source) as reader:
            yield from reader.frames(image_topic=image_topic, odometry_topic=odometry_topic)
    elif is_video(source):
        yield from VideoFile(source).frames()
    else:
        yield from _folder(source)


def undecoded(
    source: Path, image_topic: str | None = None, odometry_topic: str | None = None, *,
    skip: int = 0,
) -> Iterator[Undecoded]:
    """The same frames, to be decoded by whoever has time.

    Args:
        source, image_topic, odometry_topic: see :func:`frames_of`.
        skip: so many at the beginning are left out, undecoded.

    Raises:
        DataError: as :func:`frames_of`.
    """
    if is_bag(source):
        with BagReader(source) as reader:
            for shot in islice(reader.shots(image_topic, odometry_topic), skip, None):
                yield partial(_decoded, shot)
    elif is_video(source):
        for frame in VideoFile(source).frames(skip):
            yield partial(_same, frame)
    else:
        folder = _folder(source)
        for number in range(skip, len(folder)):
            yield partial(folder.frame, number)


def count_frames(source: Path, image_topic: str | None = None) -> int:
    """Number of images of a source (of the chosen topic of a bag).

    Raises:
        DataError: the source is none, or the topic must be named.
    """
    if is_video(source):
        return len(VideoFile(source))
    if not is_bag(source):
        return len(_folder(source))
    with BagReader(source, image_topic=image_topic) as reader:
        return reader.image_count


def fingerprint(source: Path) -> list[list[str | int]]:
    """Names, sizes and times of change of a source's files: the same while nobody touches it."""
    files = sorted(source.rglob('*')) if source.is_dir() else [source]
    try:
        return [[str(file.relative_to(source)), file.stat().st_size, file.stat().st_mtime_ns]
                for file in files if file.is_file()]
    except OSError as error:
        raise DataError(f'{source} cannot be read: {error.strerror}') from error


def _folder(source: Path) -> ImageFolder:
    """Open the images of a folder, or those of the database of a data set."""
    database = source / 'database'
    return ImageFolder(database if database.is_dir() else source, rate_hz=IMAGE_FOLDER_RATE_HZ)


def _decoded(shot: Shot) -> Frame:
    frame = shot.frame()
    if frame is None:
        raise shot.image.error or ImageError('it cannot be decoded')
    return frame


def _same(frame: Frame) -> Frame:
    return frame
