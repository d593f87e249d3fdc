# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The course of training runs, from the ``metrics.jsonl`` in their folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from training.pictures.chart import COLOURS, draw_chart, Line
from vpr_ros.errors import DataError
from vpr_ros.types import ImageArray

METRICS = 'metrics.jsonl'
Rows = Sequence[Mapping[str, Any]]


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """One mapping a line of a run's metrics; a last line that was being written is left out.

    Args:
        run: its folder, or the file itself.

    Raises:
        DataError: it is missing, empty, or damaged.
    """
    path = run / METRICS if run.is_dir() else run
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'{path} cannot be read ({error}); give the folder of a training run that '
                        f'has validated at least once') from error
    rows = []
    for number, line in enumerate(lines):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines) - 1:
                break
            raise DataError(f'{path}, line {number + 1} is no JSON ({error.msg}); remove '
                            f'it') from error
        if not isinstance(row, dict):
            raise DataError(f'{path}, line {number + 1} is no object; expected names and numbers')
        rows.append(row)
    if not rows:
        raise DataError(f'{path} holds no metrics yet; wait for the first validation')
    return rows


def draw_curves(runs: Mapping[str, Rows]) -> ImageArray:
    """Loss, recalls and learning rate of runs, side by side; what no run has is left out.

    Args:
        runs: name -> its rows, with ``step`` or ``epoch``, and any of ``loss``, ``rate`` (one
            number, or several by name) and recalls at ``1``, ``5`` and ``10``.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        DataError: no run has anything to draw.
    """
    axis = 'step' if all('step' in row for rows in runs.values() for row in rows) else 'epoch'
    charts = []
    for title, keys, from_zero in (('loss', ('loss',), False),
                                   ('validation recall@N', ('1', '5', '10'), True),
                                   ('learning rate', ('rate',), True)):
        lines = [line for number, (name, rows) in enumerate(runs.items())
                 for line in _lines(name, rows, keys, axis, number, len(runs))]
        if lines:
            charts.append(draw_chart(title, axis, lines, from_zero=from_zero))
    if not charts:
        raise DataError(f'there is nothing to draw in {", ".join(runs)}: no line has {axis} and '
                        f'one of loss, rate, 1, 5, 10')
    height = max(len(chart) for chart in charts)
    return np.concatenate([np.pad(chart, ((0, height - len(chart)), (0, 0), (0, 0)),
                                  constant_values=255) for chart in charts], 1)


def _lines(name: str, rows: Rows, keys: Sequence[str], axis: str, number: int, runs: int
           ) -> list[Line]:
    """Make a run's lines of one chart: runs differ by colour, or if there is one, its keys do."""
    lines = []
    for index, key in enumerate(keys):
        flat = [(row.get(axis), _number(row.get(key))) for row in rows]
        points = [(float(x), y) for x, y in flat if isinstance(x, (int, float)) and y is not None]
        if not points:
            continue
        shown = f'@{key}' if key.isdigit() else key
        colour = COLOURS[(number if runs > 1 else index) % len(COLOURS)]
        if runs > 1 and index and len(keys) > 1:  # of several runs, only the one that selects
            continue
        lines.append(Line(f'{name} {shown}' if runs > 1 else shown, [x for x, _ in points],
                          [y for _, y in points], colour, dotted=number >= len(COLOURS)))
    return lines


def _number(value: Any) -> float | None:
    """Return a finite number, the largest of several by name, or None."""
    if isinstance(value, Mapping):
        numbers = [found for found in map(_number, value.values()) if found is not None]
        return max(numbers, default=None)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None
