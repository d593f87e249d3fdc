# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A new map from what is left of a damaged one: every place whose checksum is right.

Numbers of places and sessions stay, so that whoever wrote them down still finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
import json
from pathlib import Path
import shutil
import sqlite3
import tempfile
from typing import Any

import numpy as np

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import files, schema
from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.place_map.context import MapContext, MAX_WINDOW
from vpr_ros.place_map.damage import DAMAGE
from vpr_ros.place_map.identity import check_model, ModelIdentity
from vpr_ros.place_map.meta import State
from vpr_ros.place_map.pages import Located, Pages
from vpr_ros.place_map.store import SessionRow
from vpr_ros.place_map.writing import MapWriter
from vpr_ros.types import Place

_PLACE_COLUMNS = schema.DESCRIPTOR + 1


@dataclass(frozen=True)
class Repaired:
    """What was saved.

    Attributes:
        places: how many are in the new map.
        lost: how many more the old one once held; None when its counters are lost, too.
        without_parts: how many were saved without their thumbnail or patches.
        notes: what else is missing, a sentence each.
    """

    places: int
    lost: int | None
    without_parts: int
    notes: tuple[str, ...] = ()


@dataclass
class _Found:
    """Where the sound rows lie; by table, then by key."""

    meta: dict[str, Any] = field(default_factory=dict)
    sessions: dict[int, SessionRow] = field(default_factory=dict)
    places: dict[int, Located] = field(default_factory=dict)
    thumbnails: dict[int, Located] = field(default_factory=dict)
    patches: dict[int, dict[int, Located]] = field(default_factory=dict)
    matches: dict[int, int] = field(default_factory=dict)

    def take(self, row: Located) -> None:
        """Keep a row whose checksum is right; forget what is no row of a map."""
        rowid, values = row.rowid, row.values
        at = row._replace(values=())  # blobs are read again when they are written
        match values:
            case (str(key), str() | bytes() as value, int(checksum)):
                if schema.text_checksum(key, value) == checksum:
                    self.meta[key] = value
            case (None, bytes(data), int(checksum)):
                if schema.blob_checksum(rowid, 0, data) == checksum:
                    self.thumbnails[rowid] = at
            case (int(place_id), int(size), bytes(data), int(checksum)):
                if schema.blob_checksum(place_id, size, data) == checksum:
                    self.patches.setdefault(place_id, {})[size] = at
            case (None, int(count), int(checksum)):
                if schema.count_checksum(rowid, count) == checksum:
                    self.matches[rowid] = count
            case (None, str(name), int(checksum)):  # format 1
                if schema.text_checksum(rowid, name) == checksum:
                    self.sessions[rowid] = SessionRow(name, closed=True)
            case (None, str(name), str(robot), int(closed), int(checksum)):
                if schema.session_checksum(rowid, name, robot, closed) == checksum:
                    self.sessions[rowid] = SessionRow(name, robot, bool(closed))
            case (None, *rest) if len(rest) == _PLACE_COLUMNS - 1:
                whole = (rowid, *rest)
                if schema.place_checksum(whole) == whole[schema.CHECKSUM]:
                    self.places[rowid] = at


def repair(path: Path | str, out: Path | str, *, model: ModelIdentity | None = None) -> Repaired:
    """Save every sound place of a damaged map into a new one; the damaged file stays as it is.

    Args:
        path: the damaged map.
        out: the new map; it must not exist.
        model: the model that built it, for when the map no longer says so.

    Raises:
        MapError: nothing can be saved, or ``out`` exists or cannot be written.
    """
    path, out = Path(path), Path(out)
    sqlite.check_file(path)
    with (
        files.new_map(out, overwrite=False, doing='repair into it') as connection,
        _with_log(path, out.parent) as whole, Pages(whole) as pages,
    ):
        found = _Found()
        for row in pages.rows():
            with suppress(*DAMAGE):
                found.take(row)
        return _write(path, out, connection, pages, found, model)


def _write(
    path: Path, out: Path, connection: sqlite3.Connection, pages: Pages, found: _Found,
    model: ModelIdentity | None,
) -> Repaired:
    notes: list[str] = []
    model = _model(path, found, model)
    context = _context(found, model.dim, notes)
    uuid = found.meta.get('uuid')
    if not isinstance(uuid, str):
        notes.append('its uuid is lost, it has a new one')
    state = _state(found)
    if state is None:
        notes.append('its counters are lost, so that nobody knows how many places are missing')
    writer = MapWriter(connection, str(out), model, context,
                       map_uuid=uuid if isinstance(uuid, str) else None)
    written, spoilt = 0, 0
    sessions: set[int] = set()
    spots: set[int] = {0}
    for session_id in sorted(found.sessions):
        writer.session(session_id, found.sessions[session_id])
    for place_id in sorted(found.places):
        read = _place(pages, found.places[place_id], model.dim)
        if read is None or read[0].session_id < max(sessions, default=0):
            continue
        place, descriptor, expected = read
        if place.session_id not in found.sessions and place.session_id not in sessions:
            writer.session(place.session_id, SessionRow(closed=True))
            notes.append(f'the name of session {place.session_id} is lost')
        if place.revisit_of not in spots:
            place = replace(place, revisit_of=0)
        sessions.add(place.session_id)
        spots.add(place_id)
        thumbnail, patches = _parts(pages, found, place_id)
        spoilt += len(thumbnail) + sum(map(len, patches.values())) != expected
        writer.place(place, descriptor, thumbnail, patches, found.matches.get(place_id, 0))
        written += 1
    if written == 0:
        raise MapError(f'map {path}: no sound place was found in it; nothing can be saved')
    writer.finish(state.changed() if state else None)
    lost = max(0, state.places - written) if state else None
    return Repaired(written, lost, spoilt, tuple(notes))


def _place(pages: Pages, at: Located, dim: int) -> tuple[Place, bytes, int] | None:
    """Read a place, its descriptor, and how many bytes its parts had."""
    row = pages.row(at.page, at.offset)
    if row is None:
        return None
    values = (row.rowid, *row.values[1:])
    columns = PlaceColumns()
    with suppress(*DAMAGE):
        columns.extend([values])
        if len(values[schema.DESCRIPTOR]) == 2 * dim:
            return columns.place(0), values[schema.DESCRIPTOR], values[13] + values[14]
    return None


def _parts(pages: Pages, found: _Found, place_id: int) -> tuple[bytes, dict[int, bytes]]:
    thumbnail, patches = b'', {}
    if place_id in found.thumbnails:
        at = found.thumbnails[place_id]
        row = pages.row(at.page, at.offset)
        thumbnail = row.values[1] if row is not None else b''
    for size, at in sorted(found.patches.get(place_id, {}).items()):
        row = pages.row(at.page, at.offset)
        if row is not None:
            patches[size] = row.values[2]
    return thumbnail, patches


def _model(path: Path, found: _Found, model: ModelIdentity | None) -> ModelIdentity:
    with suppress(*DAMAGE):
        raw = json.loads(found.meta['model'])
        card = found.meta.get('model_card')
        own = ModelIdentity(str(raw['name']), str(raw['sha256']), int(raw['dim']),
                            card if isinstance(card, str) else '{}')
        check_model(own)
        return own
    if model is None:
        raise MapError(
            f'map {path} no longer says which model built it; name that model (--model)'
        )
    return model


def _context(found: _Found, dim: int, notes: list[str]) -> MapContext:
    with suppress(*DAMAGE):
        raw = json.loads(found.meta['context'])
        mean = np.frombuffer(found.meta['context_mean'], '<f4').astype(np.float32)
        window, count = int(raw['window']), int(raw['count'])
        if mean.shape == (dim,) and np.isfinite(mean).all() and 0 <= window <= MAX_WINDOW:
            return MapContext(window, mean, max(0, count))
    notes.append('how its descriptors were centred is lost: queries are not centred any more')
    return MapContext.empty(0, dim)


def _state(found: _Found) -> State | None:
    with suppress(*DAMAGE):
        state = State(**{k: int(v) for k, v in json.loads(found.meta['state']).items()})
        if all(0 <= value < 2**62 for value in vars(state).values()):
            return state
    return None


@contextmanager
def _with_log(path: Path, folder: Path) -> Iterator[Path]:
    """Yield the map with what lies in its log: itself, or a copy with that written into it."""
    logs = [suffix for suffix in ('-wal', '-journal')
            if path.with_name(path.name + suffix).exists()]
    if not logs:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix='.repair', dir=folder) as name:
        copy = Path(name) / 'map'
        for suffix in ('', *logs):
            shutil.copyfile(f'{path}{suffix}', f'{copy}{suffix}')
        with suppress(sqlite3.Error), closing(sqlite.connect(copy, 'rw')) as connection:
            connection.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()
        yield copy
