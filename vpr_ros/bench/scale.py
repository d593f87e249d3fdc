# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map costs as it grows: opening, memory, search, recall, from 1,000 to 1,000,000 places.

Each size is a map file on the disk. It is written in one transaction, opened once by a process of
its own, which reads it and keeps its index beside it, and measured by another one, which opens it
as a robot would in the morning. Memory is what that process holds: VmRSS, in which pages of mapped
files count once they were touched, and of it RssAnon, which the system cannot take back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
import hashlib
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

import numpy as np

from vpr_ros.bench.scale_data import Look, Nearest, seen_again
from vpr_ros.bench.scale_real import mixed, Real, Rows
from vpr_ros.errors import ConfigError, VprError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import files, ModelIdentity
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.halves import half_bytes
from vpr_ros.place_map.indexes.files import remove
from vpr_ros.place_map.meta import State
from vpr_ros.place_map.statistics import Statistics, sum_rows
from vpr_ros.place_map.store import SessionRow, Store
from vpr_ros.types import FloatArray, Place, Pose

SIZES = (1000, 10_000, 100_000, 1_000_000)
QUERIES = 1000
STEP_M = 1.0
DIM = 512
Progress = Callable[[int, int, str], None]


def measure(
    sizes: Sequence[int], folder: Path, *, kinds: Sequence[str] = ('auto',),
    look: Look | None = None, real: Real | None = None, queries: int = QUERIES,
    keep: bool = False, progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Measure maps of several sizes with several kinds of index.

    Args:
        sizes: numbers of places, at least 1000 each.
        folder: for the maps. A million places take 1.6 GB.
        kinds: kinds of index.
        look: of the synthetic descriptors; None for that of the real ones, and without these for
            one of 512 dimensions.
        real: described images to mix in.
        queries: how many synthetic places are looked for; as many real queries at most.
        keep: leave the maps in the folder, and use those that an equal call left there.
        progress: called with (done, total, stage).

    Returns:
        A row a size and kind, see :func:`.scale_probe.probe`.
    """
    if min(sizes) < 1000:
        raise ConfigError(f'{min(sizes)} places found, expected at least 1000 for each size')
    if look is None:
        look = Look.synthetic(DIM) if real is None else Look.of(real.database.astype(np.float32))
    rows: list[dict[str, Any]] = []
    total, mark = len(sizes) * (1 + len(kinds)), _mark(look, real, queries)
    for size in sizes:
        path = folder / f'scale_{size}_{mark}.vprmap'
        asked = path.with_suffix('.npz')
        done = len(rows) + sizes.index(size)
        if progress is not None:
            progress(done, total, f'writing {size} places')
        if not (path.exists() and asked.exists()):
            write_map(path, look, size, real)
            _ask(path, asked, look, size, real, queries)
        for kind in kinds:
            if progress is not None:
                progress(done + 1 + kinds.index(kind), total, f'{size} places, {kind}')
            remove(path)
            first = _process(path, kind, asked, 'open')
            found = _process(path, kind, asked, 'search')
            rows.append({**found, 'wanted_kind': kind, 'read_s': first['open_s'],
                         'file_mb': round(path.stat().st_size / 1e6, 1)})
        if not keep:
            for file in folder.glob(f'{path.stem}.*'):
                file.unlink()
    return rows


def write_map(path: Path, look: Look, places: int, real: Real | None = None) -> None:
    """Write a map of synthetic drives, real places among them, in one transaction."""
    identity = ModelIdentity('scale', 'ab' * 32, len(look.mean))
    with files.new_map(path, overwrite=True, doing='write it') as connection:
        connection.execute('BEGIN')
        store = Store(connection, str(path))
        store.create(identity, MapContext.empty(0, identity.dim))
        store.put_session(1, SessionRow('drives'))
        total, place_id = np.zeros(identity.dim), 0
        for chunk in mixed(look, places, real):
            halves = chunk.astype(np.float16)
            total += sum_rows(halves)
            for half in halves:
                place_id += 1
                pose = Pose((place_id * STEP_M, 0.0, 0.0), frame_id='odom')
                store.put_place(Place(place_id, 1, place_id * 10**9, 'camera', pose,
                                      place_id * STEP_M), half_bytes(half), b'', {})
        store.put_statistics(Statistics.empty(identity.dim).renewed(total, places))
        store.put_state(State(revision=1, places=places, next_place_id=places + 1))
        connection.execute('COMMIT')


def _ask(
    path: Path, asked: Path, look: Look, places: int, real: Real | None, queries: int
) -> None:
    """Write queries and their exact nearest places, found as the map does not: all products.

    Written to ``asked``: ``queries`` float16 (q, D); ``nearest`` int64 (q,), place ids, and
    ``similarity`` float32 (q,) of the exact nearest; ``shown`` int64 (q,), the place that a
    synthetic query shows, 0 for real ones, which come last; ``right`` and ``neutral`` int64
    (q, most), place ids of real queries (:class:`.scale_real.Real`), filled up with 0.
    """
    random = np.random.default_rng(1)
    rows = np.empty(0, np.int64) if real is None else real.rows_among(places)
    synthetic = np.delete(np.arange(places), rows)
    wanted = np.sort(random.choice(synthetic, queries, replace=queries > len(synthetic)))
    views: list[FloatArray] = []
    start = 0
    for chunk in mixed(look, places, real):
        here = wanted[(wanted >= start) & (wanted < start + len(chunk))] - start
        views.append(seen_again(look, chunk[here], random))
        start += len(chunk)
    halves, shown = np.concatenate(views).astype(np.float16), wanted + 1
    right, neutral = _nothing(queries), _nothing(queries)
    if real is not None and len(rows):
        count = len(real.queries)
        some = np.arange(0, count, max(1, -(-count // queries)))
        halves = np.concatenate([halves, real.queries[some]])
        shown = np.append(shown, np.zeros(len(some), np.int64))
        right += [rows[real.right[i]] + 1 for i in some]
        neutral += [rows[real.neutral[i]] + 1 for i in some]
    exact = Nearest(halves)
    with closing(sqlite.open_file(path, read_only=True)) as connection:
        mean = Store(connection, str(path)).statistics(len(look.mean)).mean.astype(np.float32)
    for chunk in mixed(look, places, real):
        exact.push(chunk.astype(np.float16), mean)
    draft = asked.with_suffix('.draft.npz')
    np.savez(draft, queries=halves, nearest=exact.row + 1, similarity=exact.best, shown=shown,
             right=_table(right), neutral=_table(neutral))
    draft.replace(asked)


def _nothing(count: int) -> list[Rows]:
    return [np.empty(0, np.int64)] * count


def _table(rows: Sequence[Rows]) -> Rows:
    """Rows of several lengths, filled up with 0."""
    table = np.zeros((len(rows), max(map(len, rows), default=0)), np.int64)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table


def _mark(look: Look, real: Real | None, queries: int) -> str:
    """Return what tells a map from those of other calls."""
    digest = hashlib.sha256(look.axes.tobytes() + look.mean.tobytes() + b'%d' % queries)
    if real is not None:
        digest.update(real.database.tobytes() + real.queries.tobytes())
    return digest.hexdigest()[:10]


def _process(path: Path, kind: str, asked: Path, doing: str) -> dict[str, Any]:
    """Run :mod:`.scale_probe` in a process of its own, to open a map or to search it too."""
    arguments = json.dumps({'map': str(path), 'kind': kind, 'asked': str(asked), 'doing': doing})
    done = subprocess.run([sys.executable, '-m', 'vpr_ros.bench.scale_probe', arguments],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise VprError(f'measuring {path.name} with index {kind} failed: '
                       f'{(done.stderr.strip().splitlines() or ["no output"])[-1]}')
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result
