# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tables of a report: by condition, by distance and heading, and how well a robot is located."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vpr_ros.evaluation.report.page import number, percent, section, table


def conditions_section(conditions: Mapping[str, Mapping[str, Any]]) -> str:
    """Write the figures of each condition alone; '' without conditions."""
    if not conditions:
        return ''
    depths = list(next(iter(conditions.values()))['recall'])
    rows = []
    for name, row in conditions.items():
        low, high = row['recall_interval_95'][depths[0]]
        rows.append((name, row['queries'], *(percent(row['recall'][d]) for d in depths),
                     f'{100 * low:.1f} to {100 * high:.1f}', number(row['average_precision']),
                     percent(row['recall_at_100_precision'])))
    head = ('condition', 'queries', *(f'R@{d}' for d in depths), f'95 % of R@{depths[0]}',
            'average precision', 'recall at 100 % precision')
    return section('By condition', f'<div class="panel">{table(head, rows)}</div>', note=(
        'As the data set names the light, the weather or the season of its queries.'))


def loops_section(figures: Mapping[str, Any]) -> str:
    """Loop closures by distance and by change of heading; '' where neither is known."""
    parts = []
    for heading, rows, unit in (
        ('By distance to the nearest true place', figures['by_distance'],
         figures['distance_unit']),
        ('By change of heading', figures['by_heading_change'], '°'),
    ):
        if rows:
            body = table(('', 'revisits', 'true', 'false', 'missed', 'recall'), [
                (_span(row, unit), row['revisits'], row['true'], row['false'], row['missed'],
                 percent(row['recall'])) for row in rows])
            parts.append(f'<div class="panel"><h3>{heading}</h3>{body}{_why(rows, unit)}</div>')
    if not parts:
        return ''
    return section('Where loops were closed and where not',
                   f'<div class="halves">{"".join(parts)}</div>')


def located_section(localisation: Mapping[str, Any] | None) -> str:
    """Share located within each threshold; '' where it is not known."""
    if not localisation or not localisation['queries']:
        return ''
    rows = [(f'{row["distance_m"]:g} m and {row["angle_deg"]:g}°', percent(row['share']))
            for row in localisation['within']]
    body = table(('within', 'located'), rows, bars=[row['share'] or 0.0
                                                    for row in localisation['within']])
    median = localisation['median_m']
    said = '' if median is None else f'Median of the answered ones: {median:.2f} m'
    if said and localisation['median_deg'] is not None:
        said += f' and {localisation["median_deg"]:.1f}°'
    return section('Located by the recognised place',
                   f'<div class="panel">{body}<p class="note">{said}</p></div>', note=(
                       f'How far off a robot is that takes over the pose of its match; of '
                       f'{localisation["queries"]} queries.'))


def matrix_section(matrix: Mapping[str, Any] | None, rows: str, columns: str) -> str:
    """Write the similarity matrix, drawn by the script; '' without one."""
    if matrix is None:
        return ''
    return section('Similarity matrix', '<div class="panel"><div id="matrix"></div></div>', note=(
        f'{rows} downwards, {columns} to the right, '
        f'{len(matrix["rows"])} x {len(matrix["columns"])} of them evenly spread. Bright lines '
        f'are stretches seen again; a bright row resembles everything.'))


def matrix_data(
    matrix: Mapping[str, Any] | None, rows: str, columns: str
) -> dict[str, Any] | None:
    """Return what the script draws the matrix from: one byte per similarity, row by row."""
    if matrix is None:
        return None
    values = np.asarray(matrix['values'], np.float64)
    low, high = (float(v) for v in np.quantile(values, [0.02, 0.992]))  # the diagonal is 1
    shades = np.clip((values - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8)
    return {'width': values.shape[1], 'height': values.shape[0], 'low': low, 'high': high,
            'shades': base64.b64encode(shades.tobytes()).decode('ascii'),
            'rows': rows, 'columns': columns,
            'row_numbers': matrix['rows'], 'column_numbers': matrix['columns']}


def _span(row: Mapping[str, Any], unit: str) -> str:
    gap = '' if unit == '°' else ' '
    if row['to'] is None:
        return f'from {row["from"]:g}{gap}{unit}'
    return f'{row["from"]:g} to {row["to"]:g}{gap}{unit}'


def _why(rows: Sequence[Mapping[str, Any]], unit: str) -> str:
    """Why loops were missed, row by row, behind a click."""
    missed = [(_span(row, unit), ', '.join(f'{k} {v}' for k, v in row['missed_reasons'].items()))
              for row in rows if row['missed_reasons']]
    if not missed:
        return ''
    return (f'<details class="facts"><summary>Why loops were missed</summary>'
            f'{table(("", "decisions"), missed)}</details>')
