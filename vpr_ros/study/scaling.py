# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Matching time against the number of places, with synthetic descriptors (figure 4a).

Descriptors are drawn around many centres, as places along streets resemble their neighbours, and
chunk by chunk from their own seed, so that the memory is that of the index and one chunk. A query
is a place with some noise, and *found* is the share of queries whose own place comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
import time
from typing import Any

import faiss
import numpy as np

from vpr_ros.study.indexes import build, fill, make_index, size_bytes, training_rows
from vpr_ros.study.machine import measured_on
from vpr_ros.types import FloatArray

CHUNK = 16_384
_CENTRES = 1024
_SPREAD, _NOISE = 1.0, 0.8  # lengths of the random parts, beside centres of length 1


def synthetic(start: int, count: int, dim: int, seed: int = 0) -> FloatArray:
    """Places ``start`` to ``start + count`` of the synthetic map, float32 (count, dim).

    ``start`` is a multiple of :data:`CHUNK` and ``count`` at most that.
    """
    centres = np.random.default_rng([seed, 0]).standard_normal((_CENTRES, dim), np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    generator = np.random.default_rng([seed, 1 + start // CHUNK])
    rows = generator.standard_normal((count, dim), np.float32) * np.float32(_SPREAD / dim**0.5)
    rows += centres[generator.integers(0, _CENTRES, count)]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def chunks(places: int, dim: int, seed: int = 0) -> Iterator[FloatArray]:
    """Yield the synthetic map in chunks."""
    for start in range(0, places, CHUNK):
        yield synthetic(start, min(CHUNK, places - start), dim, seed)


def queries_of(places: int, dim: int, count: int, seed: int = 0) -> tuple[FloatArray, list[int]]:
    """Noisy copies of places of the first chunk, and which places they are."""
    first = synthetic(0, min(CHUNK, places), dim, seed)
    wanted = np.linspace(0, len(first) - 1, min(count, len(first))).astype(int)
    noise = np.random.default_rng([seed, 0, 1]).standard_normal((len(wanted), dim), np.float32)
    rows = first[wanted] + noise * np.float32(_NOISE / dim**0.5)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows, wanted.tolist()


def measure_scaling(
    question: Mapping[str, Any], *, processes: int = 1,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, Any]:
    """Build one index and time its searches, one query at a time on one thread.

    Args:
        question: ``index``, ``places``, ``dimension``, ``queries``, ``neighbours``.
        processes: how many measure at the same time, for the record.
        clock: seconds; that of the processor leaves out what other programs take.

    Returns:
        The answer of the cell: ``matching_ms`` p50 and p99, ``found``, ``ram_mb``, ``build_s``.
    """
    kind, places, dim = question['index'], question['places'], question['dimension']
    faiss.omp_set_num_threads(1)
    start = clock()
    if places <= CHUNK:
        index = build(kind, synthetic(0, places, dim))
    else:
        index = make_index(kind, dim, places)
        fill(index, _sample(training_rows(kind, places), places, dim), chunks(places, dim))
    build_s = clock() - start
    rows, wanted = queries_of(places, dim, question['queries'])
    times, right = [], 0
    index.search(rows[:1], question['neighbours'])
    for row, place in zip(rows, wanted, strict=True):
        start = clock()
        _, found = index.search(row[np.newaxis], question['neighbours'])
        times.append((clock() - start) * 1000.0)
        right += int(found[0, 0]) == place
    return {
        'matching_ms': {'p50': float(np.quantile(times, 0.5)),
                        'p99': float(np.quantile(times, 0.99))},
        'found': right / len(wanted), 'ram_mb': size_bytes(index) / 1e6, 'build_s': build_s,
        'about': measured_on(None, processes=processes),
    }


def _sample(count: int, places: int, dim: int) -> FloatArray:
    """Rows to train with, evenly from all chunks."""
    if count == 0:
        return np.zeros((0, dim), np.float32)
    stride = max(1, places // count)
    return np.concatenate([chunk[::stride] for chunk in chunks(places, dim)])[:count]
