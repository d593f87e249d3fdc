# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A thorough look at a map file: everything that opening it leaves unread."""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path

import numpy as np

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map.halves import half_matrix
from vpr_ros.place_map.schema import DESCRIPTOR, REVISIT_OF
from vpr_ros.place_map.statistics import sum_rows
from vpr_ros.place_map.store import Store

_MOST_PROBLEMS = 100


def check(path: Path | str) -> list[str]:
    """Look for damage in a map, without changing it.

    Reads the whole file: SQLite's own structure, references between tables, the checksum of
    every row, the counters, the normalisation and the model card.

    Returns:
        One sentence a problem, at most about a hundred; empty when the map is sound.
    """
    problems: list[str] = []
    try:
        connection = sqlite.open_file(Path(path), read_only=True)
        try:
            with sqlite.explained(path, 'check it'):
                connection.execute('BEGIN')
                for problem in _problems(Store(connection, str(path))):
                    problems.append(problem)
                    if len(problems) >= _MOST_PROBLEMS:
                        break
        finally:
            connection.close()
    except MapError as error:
        problems.append(str(error))
    return problems


def _problems(store: Store) -> Iterator[str]:
    execute = store.connection.execute
    for (message,) in execute('PRAGMA integrity_check'):
        if message != 'ok':
            yield f'map {store.label}: SQLite reports: {message}'
    for table, row, parent, _ in execute('PRAGMA foreign_key_check'):
        yield f'map {store.label}: row {row} of {table} refers to a row that {parent} lacks'
    yield from _card_problems(store)
    yield from _place_problems(store)


def _card_problems(store: Store) -> Iterator[str]:
    store.uuid()
    model = store.model()
    try:
        card = json.loads(model.card_json)
    except (ValueError, RecursionError) as error:
        yield f'map {store.label}: the card of model {model.name} is no valid JSON ({error})'
        return
    found = card.get('sha256', model.sha256) if isinstance(card, dict) else None
    if found != model.sha256:
        yield (
            f'map {store.label}: the card of model {model.name} belongs to a model with sha256 '
            f'{found}, the map to {model.sha256}'
        )


def _place_problems(store: Store) -> Iterator[str]:
    dim, state = store.model().dim, store.state()
    sessions, statistics = store.sessions(), store.statistics(dim)
    store.context(dim)
    store.matches()
    total, places, last_id = np.zeros(dim), 0, 0
    spots: set[int] = set()
    for rows in store.place_rows(dim):
        counted = rows[: max(0, statistics.count - places)]
        total += sum_rows(half_matrix([row[DESCRIPTOR] for row in counted], dim))
        places, last_id = places + len(rows), rows[-1][0]
        for row in rows:
            spots.add(row[0])
            if row[REVISIT_OF] and row[REVISIT_OF] not in spots:
                yield (
                    f'map {store.label}: place {row[0]} revisits place {row[REVISIT_OF]}, which '
                    f'is no earlier place'
                )
            if row[1] not in sessions:
                yield f'map {store.label}: place {row[0]} is of session {row[1]}, which is missing'
            for read in (store.thumbnail, store.patches):
                try:
                    read(row[0])
                except MapError as error:
                    yield str(error)
    if (places, last_id < state.next_place_id) != (state.places, True):
        yield (
            f'map {store.label}: {places} places with ids up to {last_id} found, {state.places} '
            f'with ids below {state.next_place_id} were written'
        )
    mean = total / (statistics.prior_count + statistics.count)
    if not np.allclose(mean, statistics.mean, rtol=1e-9, atol=1e-12):
        yield f'map {store.label}: its mean is not that of its first {statistics.count} places'
