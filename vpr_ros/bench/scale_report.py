# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr bench --scale``: measure, print, draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
import os
from pathlib import Path
import platform
import tempfile
from typing import Any

import numpy as np

from vpr_ros.bench import scale
from vpr_ros.bench.scale_data import Look
from vpr_ros.bench.scale_plot import Curve, log_log_svg
from vpr_ros.bench.scale_real import Real
from vpr_ros.errors import ConfigError
from vpr_ros.place_map import PlaceMap
from vpr_ros.place_map.indexes import check_kind, KINDS

COSTS = {'p50_ms': 'search, p50 ms', 'cpu_p50_ms': 'search on the CPU, p50 ms',
         'open_s': 'open, s', 'rss_mb': 'resident memory, MB', 'file_mb': 'file, MB'}
MOST_LIKE = 5000  # places of a map that its look is taken from


def run(
    sizes: str, kinds: str, *, like: Path | None = None, real: Real | None = None,
    queries: int = scale.QUERIES, keep: Path | None = None, plot: Path | None = None,
    progress: scale.Progress | None = None,
) -> dict[str, Any]:
    """Measure maps of several sizes and print what they cost.

    Args:
        sizes, kinds: separated by commas; ``all`` for all kinds.
        like: spread descriptors as this map's are.
        real: described images to mix in.
        queries: places that are looked for in each.
        keep: folder in which the maps stay, and are found again; None deletes them.
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
    with ExitStack() as stack:
        if keep is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='vpr_scale_')))
        else:
            folder = keep
            folder.mkdir(parents=True, exist_ok=True)
        rows = scale.measure(wanted, folder, kinds=names, look=look, real=real, queries=queries,
                             keep=keep is not None, progress=progress)
    print(table(rows))
    slopes = {}
    for name in names:
        of_kind = [row for row in rows if row['wanted_kind'] == name]
        if len(of_kind) > 1:
            slopes[name] = {cost: round(slope(of_kind, cost), 3) for cost in COSTS}
            print(f'{name}: cost grows with the size to the power of ' + ', '.join(
                f'{slopes[name][cost]:.2f} ({title})' for cost, title in COSTS.items()))
    if plot is not None:
        plot.write_text(_picture(rows, slopes), encoding='utf-8')
        print(f'drawn in {plot}')
    machine = f'{platform.machine()}, {os.cpu_count()} cores, {platform.system()}'
    return {'format': 2, 'machine': machine, 'like': str(like or ''), 'rows': rows,
            'real': list(real.names) if real else [], 'slopes': slopes}


def slope(rows: Sequence[Mapping[str, Any]], column: str) -> float:
    """Growth of a cost with size: the exponent of a power law through the rows, least squares."""
    sizes = np.log([row['places'] for row in rows])
    costs = np.log([max(float(row[column]), 1e-6) for row in rows])
    return float(np.polyfit(sizes, costs, 1)[0]) if len(rows) > 1 else float('nan')


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as text."""
    lines = [f'{"places":>9} {"index":>7} {"p50 ms":>8} {"p99 ms":>8} {"CPU ms":>7} {"load":>5} '
             f'{"top-1 in 100":>13} {"first":>7} {"real in 100":>12} {"first":>7} '
             f'{"right":>7} {"open s":>7} {"read s":>7} '
             f'{"RSS MB":>7} {"own MB":>7} {"index MB":>9} {"file MB":>8}']
    for row in rows:
        synthetic, real = row['synthetic'], row['real'] or {}
        lines.append(
            f'{row["places"]:>9} {row["kind"]:>7} {row["p50_ms"]:>8.2f} {row["p99_ms"]:>8.2f} '
            f'{row["cpu_p50_ms"]:>7.2f} {row["load"]:>5.1f} '
            f'{synthetic["top1_in_100"]:>13.4f} {synthetic["top1_first"]:>7.4f} '
            f'{_share(real.get("top1_in_100")):>12} {_share(real.get("top1_first")):>7} '
            f'{_share(real.get("right_first")):>7} {row["open_s"]:>7.2f} '
            f'{row["read_s"]:>7.2f} {row["rss_mb"]:>7.0f} {row["anonymous_mb"]:>7.0f} '
            f'{row["index_mb"]:>9.1f} {row["file_mb"]:>8.1f}')
    return '\n'.join(lines)


def _share(value: float | None) -> str:
    return '-' if value is None else f'{value:.4f}'


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
