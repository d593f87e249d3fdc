# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A map written again with other descriptors: places, sessions and images stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import files
from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.halves import half_bytes
from vpr_ros.place_map.identity import ModelIdentity
from vpr_ros.place_map.limits import check_parts, LOCAL_FEATURES, to_half
from vpr_ros.place_map.place_map import PlaceMap
from vpr_ros.place_map.records import MapInfo
from vpr_ros.place_map.schema import DESCRIPTOR
from vpr_ros.place_map.store import Store
from vpr_ros.place_map.writing import MapWriter
from vpr_ros.types import FloatArray, Place


@dataclass(frozen=True)
class NewParts:
    """What is written of a place in place of what it had.

    Attributes:
        patches: patch size -> encoded patches.
        descriptor: float32 (D,), L2-normalised; None keeps the one it has, for the same model.
        context: float32 (D,), what was subtracted from the descriptor; None for nothing.
    """

    patches: Mapping[int, bytes]
    descriptor: FloatArray | None = None
    context: FloatArray | None = None


def rewrite(path: Path | str, out: Path | str, model: ModelIdentity,
            describe: Callable[[Place, bytes, Mapping[int, bytes]], NewParts]) -> MapInfo:
    """Copy a map with new descriptors, patches or both; the old one stays as it is.

    With the same model, ids, normalisation and answers stay; with another one the normalisation
    is made anew. ``out`` appears complete or, when anything is raised, not at all.

    Args:
        path: the map.
        out: the new map; it must not exist.
        model: that the new map is of.
        describe: called with each place, its JPEG and its patches, in the order of their ids.

    Raises:
        MapError: the map cannot be read, ``out`` exists or cannot be written, or a part that
            ``describe`` gave is beyond its limits. What ``describe`` raises passes through.
    """
    out = Path(out)
    with (
        files.new_map(out, overwrite=False, doing='write it') as connection,
        closing(sqlite.open_file(Path(path), read_only=True)) as reading,
    ):
        reading.execute('BEGIN')
        source = Store(reading, str(path))
        old = source.model()
        same, context = model.same_as(old), source.context(old.dim)
        if not same:
            context = MapContext.empty(context.window, model.dim)
        writer = MapWriter(connection, str(out), model, context)
        for session_id, session in source.sessions().items():
            writer.session(session_id, session)
        matches = source.matches()
        for rows in source.place_rows(old.dim):
            columns = PlaceColumns()
            columns.extend(rows)
            for number, row in enumerate(rows):
                place = columns.place(number)
                thumbnail = source.thumbnail(place.place_id)
                stored = source.patches(place.place_id)
                parts = describe(place, thumbnail, stored)
                check_parts(thumbnail, parts.patches)
                kept = {size: data for size, data in stored.items() if size == LOCAL_FEATURES}
                half = row[DESCRIPTOR]
                if parts.descriptor is not None:
                    half = half_bytes(to_half(parts.descriptor, model.dim))
                if parts.context is not None:
                    context = context.with_place(parts.context)
                writer.place(place, half, thumbnail, {**parts.patches, **kept},
                             matches.get(place.place_id, 0))
        writer.store.put_context(context)
        writer.finish(source.state(), source.statistics(old.dim) if same else None)
    with PlaceMap.open(out, read_only=True) as written:
        return written.info()
