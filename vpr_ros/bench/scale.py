# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map costs as it grows: opening, memory, search, recall, from 1,000 to 1,000,000 places.

Each size is a map file on the disk. It is written in one transaction, opened once by a process of
its own, which reads it and keeps its index beside it, and measured by another one, which opens it
as a robot would in the morning. Memory is what that process holds: VmRSS, in which pages of mapped
files count once they were touched, and of it RssAnon, which the system cannot take back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

import numpy as np

from vpr_ros.bench.scale_data import drives, Look, Nearest, seen_again
from vpr_ros.errors import ConfigError, VprError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import files, ModelIdentity
from vpr_ros.place_map.context import MapContext
from vpr_ros.place_map.halves import half_bytes
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
    look: Look | None = None, queries: int = QUERIES, progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Measure maps of several sizes with several kinds of index.

    Args:
        sizes: numbers of places, at least 1000 each.
        folder: for the maps; they are deleted again. A million places take 1.6 GB.
        kinds: kinds of index.
        look: of the descriptors; None for the synthetic one of 512 dimensions.
        queries: how many places are looked for.
        progress: called with (done, total, stage).

    Returns:
        A row a size and kind, see :func:`.scale_probe.probe`.
    """
    if min(sizes) < 1000:
        raise ConfigError(f'{min(sizes)} places found, expected at least 1000 for each size')
    look = look or Look.synthetic(DIM)
    rows: list[dict[str, Any]] = []
    total = len(sizes) * (1 + len(kinds))
    for size in sizes:
        path = folder / f'scale_{size}.vprmap'
        asked = folder / f'scale_{size}.npz'
        done = len(rows) + sizes.index(size)
        if progress is not None:
            progress(done, total, f'writing {size} places')
        write_map(path, look, size)
        _ask(path, asked, look, size, queries)
        for kind in kinds:
            if progress is not None:
                progress(done + 1 + kinds.index(kind), total, f'{size} places, {kind}')
            first = _process(path, kind, asked, {'queries': 0})
            found = _process(path, kind, asked, {'queries': queries})
            rows.append({**found, 'wanted_kind': kind, 'read_s': first['open_s'],
                         'file_mb': round(path.stat().st_size / 1e6, 1)})
        for file in folder.glob(f'scale_{size}.*'):
            file.unlink()
    return rows


def write_map(path: Path, look: Look, places: int, *, seed: int = 0) -> None:
    """A map of synthetic drives, in one transaction."""
    identity = ModelIdentity('scale', 'ab' * 32, len(look.mean))
    with files.new_map(path, overwrite=True, doing='write it') as connection:
        connection.execute('BEGIN')
        store = Store(connection, str(path))
        store.create(identity, MapContext.empty(0, identity.dim))
        store.put_session(1, SessionRow('drives'))
        total, place_id = np.zeros(identity.dim), 0
        for chunk in drives(look, places, seed=seed):
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


def slope(rows: Sequence[Mapping[str, Any]], column: str) -> float:
    """Growth of a cost with size: the exponent of a power law through the rows, least squares."""
    sizes = np.log([row['places'] for row in rows])
    costs = np.log([max(float(row[column]), 1e-6) for row in rows])
    return float(np.polyfit(sizes, costs, 1)[0]) if len(rows) > 1 else float('nan')


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as text."""
    lines = [f'{"places":>9} {"index":>7} {"p50 ms":>8} {"p99 ms":>8} {"CPU ms":>7} '
             f'{"top-1 in 100":>13} {"top-1 first":>12} {"open s":>7} {"read s":>7} '
             f'{"RSS MB":>7} {"own MB":>7} {"index MB":>9} {"file MB":>8}']
    lines += [
        f'{row["places"]:>9} {row["kind"]:>7} {row["p50_ms"]:>8.2f} {row["p99_ms"]:>8.2f} '
        f'{row["cpu_p50_ms"]:>7.2f} '
        f'{row["top1_in_100"]:>13.4f} {row["top1_first"]:>12.4f} {row["open_s"]:>7.2f} '
        f'{row["read_s"]:>7.2f} {row["rss_mb"]:>7.0f} {row["anonymous_mb"]:>7.0f} '
        f'{row["index_mb"]:>9.1f} {row["file_mb"]:>8.1f}' for row in rows
    ]
    return '\n'.join(lines)


def _ask(path: Path, asked: Path, look: Look, places: int, queries: int) -> None:
    """Queries and their exact nearest places, by another way than the map's: all products."""
    random = np.random.default_rng(1)
    wanted = np.sort(random.choice(places, queries, replace=queries > places))
    views: list[FloatArray] = []
    start = 0
    for chunk in drives(look, places):
        here = wanted[(wanted >= start) & (wanted < start + len(chunk))] - start
        views.append(seen_again(look, chunk[here], random))
        start += len(chunk)
    halves = np.concatenate(views).astype(np.float16)
    exact = Nearest(halves)
    with closing(sqlite.open_file(path, read_only=True)) as connection:
        mean = Store(connection, str(path)).statistics(len(look.mean)).mean.astype(np.float32)
    for chunk in drives(look, places):
        exact.push(chunk.astype(np.float16), mean)
    np.savez(asked, queries=halves, nearest=exact.row + 1, similarity=exact.best, shown=wanted + 1)


def _process(path: Path, kind: str, asked: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """Run :mod:`.scale_probe` in a process of its own."""
    arguments = json.dumps({'map': str(path), 'kind': kind, 'asked': str(asked), **options})
    done = subprocess.run([sys.executable, '-m', 'vpr_ros.bench.scale_probe', arguments],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise VprError(f'measuring {path.name} with index {kind} failed: '
                       f'{(done.stderr.strip().splitlines() or ["no output"])[-1]}')
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result

