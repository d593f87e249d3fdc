# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Open one map in this process, search it, say what that took: ``vpr bench --scale`` runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import json
import os
from pathlib import Path
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.indexes import files
from vpr_ros.place_map.view import KEPT_PLACES

COUNT = 100
WARM = 20


def probe(path: Path, kind: str, asked: Path, *, search: bool = True) -> dict[str, Any]:
    """Open a map for reading and look for places.

    Args:
        path: the map.
        kind: of index.
        asked: .npz of :func:`.scale._ask`.
        search: False only opens.

    Returns:
        ``places``, ``kind``, ``open_s``, ``kept`` (opened from beside the file), ``rss_mb``,
        ``anonymous_mb``, ``index_mb``, ``load`` (processes that wanted the processor, mean of the
        last minute); with queries ``p50_ms``, ``p99_ms``, ``cpu_p50_ms`` (of this thread on its
        core: what other processes take is left out), ``synthetic`` and ``real``, see
        :func:`_found`, the latter None without.
    """
    with np.load(asked) as content:
        questions = dict(content)
    base_mb = memory_mb()[0]
    start = time.perf_counter()
    with PlaceMap.open(path, read_only=True, index=kind) as place_map:
        open_s = time.perf_counter() - start
        times, processor, answers = [], [], []
        for query in questions['queries'].astype(np.float32) if search else ():
            start, begun = time.perf_counter(), time.thread_time()
            found = place_map.search(query, COUNT)
            times.append((time.perf_counter() - start) * 1000.0)
            processor.append((time.thread_time() - begun) * 1000.0)
            ids = np.array([neighbour.place.place_id for neighbour in found])
            answers.append((ids, found[0].similarity))
        rss_mb, anonymous_mb = memory_mb()
        kept = len(place_map) >= KEPT_PLACES  # info() touches every column: it comes last
        result: dict[str, Any] = {
            'places': len(place_map), 'kind': place_map.info().index,
            'open_s': round(open_s, 3), 'kept': kept,
            'rss_mb': round(rss_mb, 1), 'anonymous_mb': round(anonymous_mb, 1),
            'base_mb': round(base_mb, 1), 'index_mb': round(_kept_mb(path), 1),
            'load': round(os.getloadavg()[0], 1),
        }
    if search:
        result |= {
            'p50_ms': round(float(np.median(times[WARM:] or times)), 2),
            'cpu_p50_ms': round(float(np.median(processor[WARM:] or processor)), 2),
            'p99_ms': round(float(np.percentile(times[WARM:] or times, 99)), 2),
            'synthetic': _found(answers, questions, questions['shown'] > 0),
            'real': _found(answers, questions, questions['shown'] == 0),
        }
    return result


def _found(
    answers: Sequence[tuple[NDArray[np.int64], float]], questions: Mapping[str, Any], some: Any
) -> dict[str, Any] | None:
    """How good the answers to some of the questions are; None where there are none.

    ``queries``; ``top1_in_100`` and ``top1_first``, share of queries whose exact nearest place is
    among the 100 found, or first; one that is as near counts. Of synthetic queries
    ``place_in_100``, share whose own place is; of real ones ``right_first``, share whose first
    answer shows their place, of those ``with_right`` that have one.
    """
    numbers = np.flatnonzero(some).tolist()
    if not numbers:
        return None
    inside = first = own = right = known = 0
    for number in numbers:
        ids, similarity = answers[number]
        as_near = similarity >= questions['similarity'][number] - 1e-5
        inside += bool(questions['nearest'][number] in ids or as_near)
        first += as_near
        own += bool(questions['shown'][number] in ids)
        if questions['right'][number].any():
            known += 1
            judged = ids[~np.isin(ids, questions['neutral'][number])]
            right += bool(np.isin(judged[:1], questions['right'][number]).any())
    count = len(numbers)
    result = {'queries': count, 'top1_in_100': inside / count, 'top1_first': first / count}
    if questions['shown'][numbers[0]]:
        return {**result, 'place_in_100': own / count}
    return {**result, 'with_right': known, 'right_first': right / known if known else None}


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
                           search=given['doing'] == 'search')))


if __name__ == '__main__':
    main()
