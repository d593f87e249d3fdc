# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Open one map in this process, search it, say what that took: ``vpr bench --scale`` runs it."""

from __future__ import annotations

import json
from pathlib import Path
import sys
import time
from typing import Any

import numpy as np

from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.indexes import files
from vpr_ros.place_map.view import KEPT_PLACES

COUNT = 100
WARM = 20


def probe(path: Path, kind: str, asked: Path, queries: int) -> dict[str, Any]:
    """Open a map for reading and look for places.

    Args:
        path: the map.
        kind: of index.
        asked: .npz with ``queries`` float16 (q, D), ``nearest`` and ``shown`` int64 (q,), and
            ``similarity`` float32 (q,), the exact nearest's.
        queries: how many of them; 0 only opens.

    Returns:
        ``places``, ``kind``, ``open_s``, ``kept`` (opened from beside the file), ``rss_mb``,
        ``anonymous_mb``, ``index_mb``; with queries ``p50_ms``, ``p99_ms``, ``cpu_p50_ms`` (of
        this thread on its core: what other processes take is left out), ``top1_in_100`` and
        ``top1_first`` (share of queries whose exact nearest is among the 100 found, or first; one
        that is as near counts), ``place_in_100`` (share whose own place is).
    """
    with np.load(asked) as content:
        halves, similarity = content['queries'][:queries], content['similarity'][:queries]
        nearest, shown = content['nearest'][:queries], content['shown'][:queries]
    base_mb = memory_mb()[0]
    start = time.perf_counter()
    with PlaceMap.open(path, read_only=True, index=kind) as place_map:
        open_s = time.perf_counter() - start
        times, processor, inside, first, own = [], [], 0, 0, 0
        for number, query in enumerate(halves.astype(np.float32)):
            start, begun = time.perf_counter(), time.thread_time()
            found = place_map.search(query, COUNT)
            times.append((time.perf_counter() - start) * 1000.0)
            processor.append((time.thread_time() - begun) * 1000.0)
            ids = {neighbour.place.place_id for neighbour in found}
            as_near = found[0].similarity >= similarity[number] - 1e-5
            inside += nearest[number] in ids or as_near
            first += as_near
            own += shown[number] in ids
        rss_mb, anonymous_mb = memory_mb()
        kept = len(place_map) >= KEPT_PLACES  # info() touches every column: it comes last
        result: dict[str, Any] = {
            'places': len(place_map), 'kind': place_map.info().index,
            'open_s': round(open_s, 3), 'kept': kept,
            'rss_mb': round(rss_mb, 1), 'anonymous_mb': round(anonymous_mb, 1),
            'base_mb': round(base_mb, 1), 'index_mb': round(_kept_mb(path), 1),
        }
    if len(halves):
        settled = times[WARM:] or times
        result |= {
            'p50_ms': round(float(np.median(settled)), 2),
            'cpu_p50_ms': round(float(np.median(processor[WARM:] or processor)), 2),
            'p99_ms': round(float(np.percentile(settled, 99)), 2),
            'top1_in_100': inside / len(halves), 'top1_first': first / len(halves),
            'place_in_100': own / len(halves), 'queries': len(halves),
        }
    return result


def memory_mb() -> tuple[float, float]:
    """Resident memory of this process and its anonymous part, MB (1e6 bytes)."""
    wanted = {'VmRSS:': 0.0, 'RssAnon:': 0.0}
    for line in Path('/proc/self/status').read_text(encoding='ascii').splitlines():
        name, _, rest = line.partition('\t')
        if name in wanted:
            wanted[name] = int(rest.split()[0]) * 1024 / 1e6
    return wanted['VmRSS:'], wanted['RssAnon:']


def _kept_mb(path: Path) -> float:
    kept = (files.index_path(path), files.faiss_path(path))
    return sum(file.stat().st_size for file in kept if file.exists()) / 1e6


def main() -> None:
    """Read the arguments as JSON, print the result as JSON."""
    given = json.loads(sys.argv[1])
    print(json.dumps(probe(Path(given['map']), given['kind'], Path(given['asked']),
                           given['queries'])))


if __name__ == '__main__':
    main()
