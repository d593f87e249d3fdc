# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several maps made into one, and sessions of one made into another: places are copied whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, ExitStack
from dataclasses import replace
from functools import reduce
from pathlib import Path

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import files
from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.place_map.place_map import PlaceMap
from vpr_ros.place_map.records import MapInfo
from vpr_ros.place_map.schema import DESCRIPTOR
from vpr_ros.place_map.store import Store
from vpr_ros.place_map.writing import MapWriter


def merge(paths: Sequence[Path | str], out: Path | str) -> MapInfo:
    """Make one map of several that were built with the same model.

    Sessions and places keep their order and get new numbers; the normalisation is made from all
    places. The maps that are merged stay as they are.

    Args:
        paths: the maps, at least one.
        out: the new map; it must not exist.

    Returns:
        Facts about the new map.

    Raises:
        MapError: a map cannot be read, was built with another model, is a copy of another one in
            the list, or ``out`` exists or cannot be written.
    """
    if not paths:
        raise MapError('no maps to merge were named; name at least one')
    out = Path(out)
    with (
        files.new_map(out, overwrite=False, doing='merge into it') as connection,
        ExitStack() as opened,
    ):
        sources = [opened.enter_context(_reading(path)) for path in paths]
        model = _common_model(sources)
        context = reduce(MapContext.joined, (source.context(model.dim) for source in sources))
        writer = MapWriter(connection, str(out), model, context)
        _copy(sources, writer, model)
        writer.finish()
    with PlaceMap.open(out, read_only=True) as merged:
        return merged.info()


def extract(path: Path | str, sessions: Collection[int], out: Path | str) -> MapInfo:
    """Make a map of some sessions of another, which stays as it is.

    Sessions and places get new numbers. A revisit of a place that is left behind becomes a place
    of its own; the mean of what was subtracted from descriptors is that of the whole map.

    Args:
        path: the map.
        sessions: ids of the sessions to take, at least one.
        out: the new map; it must not exist.

    Returns:
        Facts about the new map.

    Raises:
        MapError: the map cannot be read or has no such session, or ``out`` exists or cannot be
            written.
    """
    out = Path(out)
    with (
        files.new_map(out, overwrite=False, doing='split into it') as connection,
        _reading(path) as source,
    ):
        known = source.sessions()
        missing = sorted(set(sessions) - set(known))
        if missing or not sessions:
            found = ', '.join(map(str, known)) or 'none'
            wanted = ', '.join(map(str, missing)) or 'none'
            raise MapError(f'map {path} has the sessions {found}; {wanted} was asked for, '
                           f'name some of those')
        model = source.model()
        writer = MapWriter(connection, str(out), model, source.context(model.dim))
        _copy([source], writer, model, sessions)
        writer.finish()
    with PlaceMap.open(out, read_only=True) as part:
        return part.info()


@contextmanager
def _reading(path: Path | str) -> Iterator[Store]:
    """One snapshot of a map."""
    connection = sqlite.open_file(Path(path), read_only=True)
    try:
        with sqlite.explained(path, 'read it'):
            connection.execute('BEGIN')
            yield Store(connection, str(path))
    finally:
        connection.close()


def _common_model(sources: Sequence[Store]) -> ModelIdentity:
    model = sources[0].model()
    seen: dict[str, str] = {}
    for source in sources:
        other = source.model()
        if not other.same_as(model):
            raise MapError(
                f'map {source.label} was built with model {other}, {sources[0].label} with '
                f'{model}; only maps of one model can be merged'
            )
        uuid = source.uuid()
        if uuid in seen:
            raise MapError(
                f'maps {seen[uuid]} and {source.label} are copies of one map (uuid {uuid}); '
                f'name only one of them'
            )
        seen[uuid] = source.label
    return model


def _copy(
    sources: Sequence[Store], target: MapWriter, model: ModelIdentity,
    wanted: Collection[int] | None = None,
) -> None:
    place_id = session_id = 0
    for source in sources:
        new_ids, new_places, matches = {}, {0: 0}, source.matches()
        for old_id, session in source.sessions().items():
            if wanted is None or old_id in wanted:
                session_id += 1
                new_ids[old_id] = session_id
                target.session(session_id, session)
        for rows in source.place_rows(model.dim):
            columns = PlaceColumns()
            columns.extend(rows)
            for number, row in enumerate(rows):
                old = columns.place(number)
                if old.session_id not in new_ids:
                    continue
                place_id += 1
                new_places[old.place_id] = place_id
                target.place(
                    replace(
                        old,
                        place_id=place_id,
                        session_id=new_ids[old.session_id],
                        revisit_of=new_places.get(old.revisit_of, 0),
                    ),
                    row[DESCRIPTOR],
                    source.thumbnail(old.place_id),
                    source.patches(old.place_id),
                    matches.get(old.place_id, 0),
                )
