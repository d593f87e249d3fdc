# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Build a map as fast as the model allows; a build that was killed goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
import json
from pathlib import Path
from typing import Any

from vpr_ros.assembly import open_recognizer
from vpr_ros.building import progress_file
from vpr_ros.building.moments import Cameras, Seen
from vpr_ros.building.progress_file import Done, ProgressFile
from vpr_ros.building.sources import count_moments, fingerprint, Undecoded, undecoded
from vpr_ros.building.topics import BagTopics
from vpr_ros.errors import ConfigError, DataError, ImageError, MapError
from vpr_ros.geometry.relative_poses import relative_poses_of
from vpr_ros.in_order import in_order
from vpr_ros.model import Model
from vpr_ros.pipeline import Described, PlaceRecognizer
from vpr_ros.place_map import MapInfo, PlaceMap
from vpr_ros.place_map.indexes import files
from vpr_ros.place_map.lock import WriterLock
from vpr_ros.settings import Settings
from vpr_ros.types import Place

WORKERS = 2
Progress = Callable[[int, int, str], None]


class _Cancelled(MapError):
    """The user wants no map any more."""


def build_map(
    sources: Sequence[Path],
    out: Path,
    model: Model,
    settings: Settings,
    *,
    topics: BagTopics | None = None,
    overwrite: bool = False,
    fresh: bool = False,
    workers: int = WORKERS,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> MapInfo:
    """Build one map, a session per source.

    The map grows in a hidden file beside ``out`` and takes its name when it is complete, so that a
    build that fails never harms an older map. One that is cancelled, or whose sources turn out
    bad, leaves nothing behind. One that was killed, interrupted or stopped by a full disk leaves
    the hidden file, and the next call with the same arguments goes on with the frame after the
    last; the map is the one that an undisturbed build gives.

    Args:
        sources: rosbag2 folders or files (sqlite3 or mcap, also compressed), image folders,
            data sets, of which the images in database/ are taken, and videos.
        out: the ``.vprmap`` to write.
        model: describes the images.
        settings: keyframe selection, cameras, and what else the pipeline needs; with
            ``relative_pose`` places keep local features, as those of the node do.
        topics: of bags; None takes what is there.
        overwrite: replace an existing map.
        fresh: begin anew even if an earlier build can go on.
        workers: how many frames are decoded and described at once.
        progress: called with (frames done, frames in total, stage); the first call says how many
            were done before.
        cancelled: asked before each frame.

    Raises:
        DataError: a source cannot be read or holds no image.
        MapError: the map exists, is being built already, cannot be written, or the build was
            cancelled.
    """
    if out.exists() and not overwrite:
        raise MapError(f'{out} exists; choose another name, or replace it with overwrite '
                       f'(vpr map build --overwrite)')
    if not out.parent.is_dir():
        raise MapError(f'{out} cannot be written: the folder {out.parent} does not exist')
    if not sources:
        raise DataError('no source was given; name at least one bag or image folder')
    if not 1 <= workers <= 64:
        raise ConfigError(f'{workers} workers found, expected 1 to 64')
    build = _Build(sources, out, model, settings, topics or BagTopics(), workers, progress,
                   cancelled)
    return build.run(fresh=fresh)


class _Build:
    """One call of :func:`build_map`."""

    def __init__(
        self, sources: Sequence[Path], out: Path, model: Model, settings: Settings,
        topics: BagTopics, workers: int, progress: Progress | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._sources, self._out, self._model = sources, out, model
        self._settings, self._topics, self._workers = settings, topics, workers
        self._progress, self._cancelled = progress, cancelled
        self._partial = out.with_name(f'.{out.name}.partial')
        self._notes_path = out.with_name(f'.{out.name}.progress')
        self._cameras, self._poses = Cameras(settings), relative_poses_of(settings)
        self._lengths = [count_moments(source, topics, self._cameras) for source in sources]

    def run(self, *, fresh: bool) -> MapInfo:
        """Build, and tidy up as :func:`build_map` says."""
        lock = WriterLock(self._notes_path)  # only one build of a map at a time tidies up
        try:
            return self._run(fresh=fresh)
        finally:
            lock.release()

    def _run(self, *, fresh: bool) -> MapInfo:
        if fresh or not (self._partial.exists() and self._notes_path.exists()):
            self._remove()
        try:
            with closing(ProgressFile(self._notes_path, self._job())) as notes:
                if notes.done == Done():
                    _remove_map(self._partial)
                self._grow(notes)
            with PlaceMap.open(self._partial, read_only=True) as grown:
                grown.save_as(self._out)
            with PlaceMap.open(self._out, read_only=True) as written:
                info = written.info()
        except (_Cancelled, DataError, ConfigError, ImageError):
            self._remove()
            raise
        self._remove()
        return info

    def _grow(self, notes: ProgressFile) -> None:
        recognizer = open_recognizer(
            self._settings, map_path=self._partial, model=self._model,
            session=self._sources[0].name, go_on=notes.done.places > 0 or notes.done != Done(),
        )
        if self._poses is not None:
            recognizer.more_parts = self._poses.parts
        if self._cameras.set.several:
            recognizer.use_rig(self._cameras.set.rig.yaw_rad)
        with recognizer.place_map as place_map:
            first = notes.done
            for number in range(first.source, len(self._sources)):
                if len(place_map.sessions()) > number + 1:
                    continue  # killed after the next session had begun
                self._begin_session(recognizer, number)
                skip = first.frames if number == first.source else 0
                if skip:
                    notes.restore(recognizer)
                self._drive(recognizer, notes, number, skip)
            if len(place_map) == 0:
                raise DataError('the sources hold no image that shows a place; no map was made')

    def _begin_session(self, recognizer: PlaceRecognizer, number: int) -> None:
        """Begin the session of a source, or go on with it."""
        place_map = recognizer.place_map
        if len(place_map.sessions()) <= number:
            place_map.new_session(self._sources[number].name)
        elif place_map.session is None:
            place_map.go_on(number + 1)
        recognizer.replace_map(place_map)

    def _drive(
        self, recognizer: PlaceRecognizer, notes: ProgressFile, number: int, skip: int
    ) -> None:
        source, before = self._sources[number], sum(self._lengths[:number])
        total, done, decoded, why = sum(self._lengths), skip, skip, None
        self._report(before + skip, total, source)

        def work(shot: Undecoded) -> tuple[Sequence[Seen], list[Described]] | ImageError:
            try:
                seen = shot()
            except ImageError as error:
                return error
            return seen, [recognizer.describe(view.frame.image) for view in seen]

        shots = undecoded(source, self._topics, self._cameras, skip=skip)
        with closing(in_order(shots, work, self._workers)) as ready:
            for found in ready:
                if self._cancelled is not None and self._cancelled():
                    raise _Cancelled(f'building {self._out} was cancelled; nothing was written')
                done += 1
                new = False
                if isinstance(found, ImageError):
                    why = why or found
                else:
                    decoded += 1
                    new = self._process(recognizer, notes, *found)
                notes.note(Done(number, done, len(recognizer.place_map)), recognizer,
                           new_keyframe=new)
                self._report(before + done, total, source)
        if why is not None and not decoded:
            raise DataError(f'no image of {source} can be used: {why}')

    def _process(
        self, recognizer: PlaceRecognizer, notes: ProgressFile, seen: Sequence[Seen],
        described: Sequence[Described],
    ) -> bool:
        """Process a moment; its places may be in the map already, noted by nobody before a kill.

        Returns:
            Whether it has become a keyframe.
        """
        place_map, before = recognizer.place_map, notes.done.places
        for view in seen:
            view.show(self._poses)
        frames = [view.frame for view in seen]
        if len(place_map) == before:
            recognizer.process_views(frames, described)
            return len(place_map) > before
        _, search, *_ = recognizer.memory
        added: Any = _Added(place_map, before)
        search.place_map = recognizer.place_map = added
        try:
            recognizer.process_views(frames, described)
            return True
        finally:
            search.place_map = recognizer.place_map = place_map

    def _report(self, done: int, total: int, source: Path) -> None:
        if self._progress is not None:
            self._progress(done, max(done, total), f'describing {source.name}')

    def _job(self) -> str:
        """Return what makes two builds the same."""
        return json.dumps({
            'notes': progress_file.FORMAT,
            'sources': [[str(source.resolve()), fingerprint(source)] for source in self._sources],
            'topics': asdict(self._topics), 'model': self._model.card.sha256,
            'settings': self._settings.as_dict(),
        }, sort_keys=True, default=str)

    def _remove(self) -> None:
        _remove_map(self._partial)
        progress_file.remove(self._notes_path)


class _Added:
    """A map that holds some or all of the places that are about to be added."""

    def __init__(self, place_map: PlaceMap, before: int) -> None:
        self._place_map = place_map
        self._there = place_map.places()[before:]
        self._first_id = self._there[0].place_id

    def __len__(self) -> int:
        return len(self._place_map)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._place_map, name)

    def search(self, descriptor: Any, k: int, *, below_id: int | None = None) -> Any:
        """Search as the map would have without these places."""
        below = self._first_id if below_id is None else min(self._first_id, below_id)
        return self._place_map.search(descriptor, k, below_id=below)

    def ends_of(self, session_id: int) -> tuple[Place, Place] | None:
        """Return the ends of a session as they would be without these places."""
        return self._place_map.ends_of(session_id, below_id=self._first_id)

    def add(self, *parts: Any, **facts: Any) -> Place:
        """Return the place that is there already, or add another."""
        if self._there:
            return self._there.pop(0)
        return self._place_map.add(*parts, **facts)


def _remove_map(path: Path) -> None:
    for suffix in ('', '-wal', '-shm', '.lock'):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    files.remove(path)
