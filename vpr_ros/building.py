# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build a map from bags and image folders: the node's own pipeline, as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vpr_ros.assembly import open_recognizer
from vpr_ros.bags import BagReader, ImageFolder, is_bag
from vpr_ros.errors import DataError, MapError
from vpr_ros.model import Model
from vpr_ros.place_map import MapInfo, PlaceMap
from vpr_ros.settings import Settings
from vpr_ros.types import Frame

IMAGE_FOLDER_RATE_HZ = 10.0
Progress = Callable[[int, int, str], None]


def build_map(
    sources: Sequence[Path],
    out: Path,
    model: Model,
    settings: Settings,
    *,
    image_topic: str | None = None,
    odometry_topic: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> MapInfo:
    """Build one map, a session per source.

    The map grows in a file beside ``out`` and takes its name when it is complete, so that a
    failed or cancelled build leaves nothing behind and never harms an older map.

    Args:
        sources: rosbag2 folders (sqlite3 or mcap), image folders, and data sets, of which the
            images in database/ are taken.
        out: the ``.vprmap`` to write.
        model: describes the images.
        settings: keyframe selection and what else the pipeline needs.
        image_topic, odometry_topic: topics of bags; None takes the only one there is.
        overwrite: replace an existing map.
        progress: called with (frames done, frames in total, stage).
        cancelled: asked before each frame.

    Raises:
        DataError: a source cannot be read or holds no image.
        MapError: the map exists, cannot be written, or the build was cancelled.
    """
    if out.exists() and not overwrite:
        raise MapError(f'{out} exists; choose another name or allow to overwrite it')
    if not out.parent.is_dir():
        raise MapError(f'{out} cannot be written: the folder {out.parent} does not exist')
    if not sources:
        raise DataError('no source was given; name at least one bag or image folder')
    lengths = [count_frames(source, image_topic) for source in sources]
    partial = out.with_name(f'.{out.name}.partial')
    _remove(partial)
    done, total = 0, sum(lengths)
    try:
        recognizer = open_recognizer(settings, map_path=partial, model=model,
                                     session=sources[0].name)
        with recognizer.place_map as place_map:
            for number, source in enumerate(sources):
                if number:
                    place_map.new_session(source.name)
                    recognizer.replace_map(place_map)
                for frame in frames_of(source, image_topic, odometry_topic):
                    if cancelled is not None and cancelled():
                        raise MapError(f'building {out} was cancelled; nothing was written')
                    recognizer.process(frame)
                    done += 1
                    if progress is not None:
                        progress(done, total, f'describing {source.name}')
            if len(place_map) == 0:
                raise DataError('the sources hold no image that shows a place; no map was made')
            place_map.save_as(out)
        with PlaceMap.open(out, read_only=True) as written:
            return written.info()
    finally:
        _remove(partial)


def frames_of(
    source: Path, image_topic: str | None = None, odometry_topic: str | None = None
) -> Iterator[Frame]:
    """Frames of a bag or an image folder, in order.

    Raises:
        DataError: the source is neither, or an image cannot be read.
    """
    if is_bag(source):
        with BagReader(source) as reader:
            yield from reader.frames(image_topic=image_topic, odometry_topic=odometry_topic)
    else:
        yield from _folder(source)


def count_frames(source: Path, image_topic: str | None = None) -> int:
    """Number of images in a bag (of the chosen topic) or an image folder.

    Raises:
        DataError: the source is neither, or the topic must be named.
    """
    if not is_bag(source):
        return len(_folder(source))
    with BagReader(source, image_topic=image_topic) as reader:
        return reader.image_count


def _folder(source: Path) -> ImageFolder:
    """The images of a folder, or those of the database of a data set."""
    database = source / 'database'
    return ImageFolder(database if database.is_dir() else source, rate_hz=IMAGE_FOLDER_RATE_HZ)


def _remove(path: Path) -> None:
    for suffix in ('', '-wal', '-shm', '.lock'):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
