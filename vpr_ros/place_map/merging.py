# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several maps made into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path

import numpy as np

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import files
from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.halves import half_matrix
from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.place_map.place_map import PlaceMap
from vpr_ros.place_map.records import MapInfo
from vpr_ros.place_map.schema import DESCRIPTOR
from vpr_ros.place_map.statistics import Statistics, sum_rows
from vpr_ros.place_map.store import State, Store


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
    with files.new_map(out, overwrite=False, doing='merge into it') as connection:
        sources = []
        try:
            for path in paths:
                source = sqlite.open_file(Path(path), read_only=True)
                source.execute('BEGIN')
                sources.append(Store(source, str(path)))
            model = _common_model(sources)
            connection.execute('BEGIN')
            target = Store(connection, str(out))
            contexts = [source.context(model.dim) for source in sources]
            target.create(model, reduce(MapContext.joined, contexts))
            _copy_all(sources, target, model)
            connection.execute('COMMIT')
        finally:
            for store in sources:
                store.connection.close()
    with PlaceMap.open(out, read_only=True) as merged:
        return merged.info()


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


def _copy_all(sources: Sequence[Store], target: Store, model: ModelIdentity) -> None:
    place_id = session_id = 0
    total = np.zeros(model.dim)
    for source in sources:
        new_ids, new_places = {}, {0: 0}
        for old_id, name in source.sessions().items():
            session_id += 1
            new_ids[old_id] = session_id
            target.put_session(session_id, name)
        for rows in source.place_rows(model.dim):
            columns = PlaceColumns()
            columns.extend(rows)
            total += sum_rows(half_matrix([row[DESCRIPTOR] for row in rows], model.dim))
            for number, row in enumerate(rows):
                place_id += 1
                old = columns.place(number)
                new_places[old.place_id] = place_id
                target.put_place(
                    replace(
                        old,
                        place_id=place_id,
                        session_id=new_ids[old.session_id],
                        revisit_of=new_places.get(old.revisit_of, 0),
                    ),
                    row[DESCRIPTOR],
                    source.thumbnail(old.place_id),
                    source.patches(old.place_id),
                )
    if place_id > 0:
        target.put_statistics(Statistics.empty(model.dim).renewed(total, place_id))
    target.put_state(State(revision=1, places=place_id, next_place_id=place_id + 1))
