# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr bench --scale``: measure, print, draw."""

from __future__ import annotations

import os
from pathlib import Path
import platform
import tempfile
from typing import Any

import numpy as np

from vpr_ros.bench import scale
from vpr_ros.bench.scale_data import Look
from vpr_ros.bench.scale_plot import Curve, log_log_svg
from vpr_ros.errors import ConfigError
from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.indexes import check_kind, KINDS

COSTS = {'p50_ms': 'search, p50 ms', 'cpu_p50_ms': 'search on the CPU, p50 ms',
         'open_s': 'open, s', 'rss_mb': 'resident memory, MB', 'file_mb': 'file, MB'}
MOST_LIKE = 5000  # places of a map that its look is taken from


def run(
    sizes: str, kinds: str, *, like: Path | None = None, queries: int = scale.QUERIES,
    plot: Path | None = None, progress: scale.Progress | None = None,
) -> dict[str, Any]:
    """Measure maps of several sizes and print what they cost.

    Args:
        sizes, kinds: separated by commas; ``all`` for all kinds.
        like: spread descriptors as this map's are.
        queries: places that are looked for in each.
        plot: an .svg to draw.
        progress: called with (done, total, stage).

    Returns:
        ``format``, ``machine``, ``rows`` and ``slopes`` (exponents of a power law in the size).
    """
    wanted = _sizes(sizes)
    names = list(KINDS) if kinds == 'all' else [check_kind(kind) for kind in kinds.split(',')]
    if queries < 1:
        raise ConfigError(f'{queries} queries found, expected at least 1')
    look = None if like is None else look_of(like)
    with tempfile.TemporaryDirectory(prefix='vpr_scale_') as folder:
        rows = scale.measure(wanted, Path(folder), kinds=names, look=look, queries=queries,
                             progress=progress)
    print(scale.table(rows))
    slopes = {}
    for name in names:
        of_kind = [row for row in rows if row['wanted_kind'] == name]
        if len(of_kind) > 1:
            slopes[name] = {cost: round(scale.slope(of_kind, cost), 3) for cost in COSTS}
            print(f'{name}: cost grows with the size to the power of ' + ', '.join(
                f'{slopes[name][cost]:.2f} ({title})' for cost, title in COSTS.items()))
    if plot is not None:
        plot.write_text(_picture(rows, slopes), encoding='utf-8')
        print(f'drawn in {plot}')
    machine = f'{platform.machine()}, {os.cpu_count()} cores, {platform.system()}'
    return {'format': 1, 'machine': machine, 'like': str(like or ''), 'rows': rows,
            'slopes': slopes}


def look_of(path: Path) -> Look:
    """How the descriptors of a map are spread."""
    with PlaceMap.open(path, read_only=True) as place_map:
        ids = [place.place_id for place in place_map.places()]
        some = ids[:: max(1, len(ids) // MOST_LIKE)]
        if len(some) < 100:
            raise ConfigError(f'map {path} holds {len(ids)} places, expected at least 100 to tell '
                              f'how descriptors are spread')
        return Look.of(np.array([place_map.descriptor(place_id) for place_id in some]))


def _sizes(text: str) -> list[int]:
    try:
        return [int(float(part)) for part in text.split(',')]
    except ValueError as error:
        raise ConfigError(f'--scale {text!r} found, expected numbers of places separated by '
                          f'commas, for example 1000,100000') from error


def _picture(rows: list[dict[str, Any]], slopes: dict[str, dict[str, float]]) -> str:
    kind = rows[0]['wanted_kind']
    mine = sorted((row for row in rows if row['wanted_kind'] == kind),
                  key=lambda row: int(row['places']))
    curves = []
    for cost, title in COSTS.items():
        power = slopes.get(kind, {}).get(cost)
        label = title if power is None else f'{title} (slope {power:.2f})'
        curves.append(Curve(label, [(row['places'], row[cost]) for row in mine]))
    return log_log_svg(f'cost of a map against its size, index {kind}', 'places', curves)
