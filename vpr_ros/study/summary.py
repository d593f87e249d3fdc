# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The tables and figures of a study, for the terminal and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vpr_ros.evaluation.report.page import section, table
from vpr_ros.study.page import panels, render, text_table
from vpr_ros.study.pareto import pareto_front
from vpr_ros.study.plot import lines, scatter
from vpr_ros.study.run import Cell, label

COSTS = {'gflops': 'GFLOPs', 'model_mb': 'model MB', 'descriptor': 'numbers per place',
         'extraction_ms': 'extraction ms', 'matching_ms': 'matching ms',
         'rerank_ms': 're-ranking ms', 'ram_mb': 'index RAM MB', 'disk_mb': 'map on disk MB'}
Results = Mapping[str, Sequence[Cell]]


def total_ms(cell: Mapping[str, Any]) -> float:
    """Milliseconds of a whole query, to two digits: what lies between is noise."""
    return float(f'{cell["extraction_ms"] + cell["matching_ms"] + cell["rerank_ms"]:.2g}')


def tables(results: Results) -> list[tuple[str, list[str], list[list[str]]]]:
    """(heading, head, rows) of every table."""
    found = []
    for dataset, cells in _measured(results['grid']).items():
        front = set(pareto_front([(total_ms(c), c['recall']['1']) for c in cells]))
        head = ['choice', '', 'R@1', '95 %', 'R@5', 'R@20', *COSTS.values()]
        rows = [[label(cell), '*' if i in front else '', _percent(cell['recall']['1']),
                 _interval(cell['recall_interval_95']['1']), _percent(cell['recall']['5']),
                 _percent(cell['recall']['20']), *(_number(cell[cost]) for cost in COSTS)]
                for i, cell in enumerate(cells)]
        found.append((f'{dataset}: {cells[0]["queries"]} queries in {cells[0]["places"]} places '
                      f'(* no other choice is faster and better)', head, rows))
    if scaling := [c for c in results['scaling'] if 'skipped' not in c]:
        rows = [[c['index'], f'{c["places"]:,}', _number(c['matching_ms']['p50']),
                 _number(c['matching_ms']['p99']), _percent(c['found']), _number(c['ram_mb']),
                 _number(c['build_s'])] for c in scaling]
        found.append((f'Matching time by places, {scaling[0]["dimension"]} numbers each',
                      ['index', 'places', 'p50 ms', 'p99 ms', 'own place found', 'RAM MB',
                       'build s'], rows))
    for cell in results['sequences']:
        if 'skipped' in cell:
            continue
        rows = [[f'{way}: {method}', _percent(row['recall']), _interval(row['interval_95']),
                 _percent(row['recall_at_100_precision']), _percent(row['average_precision'])]
                for way, methods in cell['ways'].items() for method, row in methods.items()]
        found.append((f'Sequences on {cell["dataset"]}, {cell["model"]}',
                      ['drive: method', 'right', '95 %', 'recall at 100 % precision',
                       'average precision'], rows))
    skipped = [[_name(c), c['skipped']] for cells in results.values() for c in cells
               if 'skipped' in c]
    if skipped:
        found.append(('Not measured', ['choice', 'why'], skipped))
    return found


def summary_text(results: Results) -> str:
    """All tables for the terminal."""
    return '\n\n'.join(f'{heading}\n{text_table(head, rows)}'
                       for heading, head, rows in tables(results))


def page(results: Results, title: str) -> str:
    """Write the page of a study."""
    sections = [section(heading, f'<div class="panel">{table(head, rows)}</div>')
                for heading, head, rows in tables(results)]
    for dataset, cells in _measured(results['grid']).items():
        plots = [('All costs of time: a query', scatter(
            [(label(c), total_ms(c), 100 * c['recall']['1']) for c in cells],
            x='total ms', y='R@1 %'))]
        for cost, name in COSTS.items():
            points = [(label(c), float(c[cost]), 100 * c['recall']['1']) for c in cells
                      if c[cost] is not None]
            if len({point[1] for point in points}) > 1:
                plots.append((name, scatter(points, x=name, y='R@1 %')))
        sections.append(section(
            f'{dataset}: recall against cost', panels(plots),
            note='Joined and named: choices that no other beats in both. Hover for the others.'))
    scaling = [c for c in results['scaling'] if 'skipped' not in c]
    if scaling:
        sections.append(section('Matching time by number of places', panels([
            ('Time of one search', lines(_series(scaling, lambda c: c['matching_ms']['p50']),
                                         x='places', y='p50 ms')),
            ('Memory of the index', lines(_series(scaling, lambda c: c['ram_mb']),
                                          x='places', y='MB'))]),
            note='Synthetic descriptors, one query at a time, processor time of one thread.'))
    first = next((c for cells in results.values() for c in cells if 'about' in c), None)
    lead = ('Times are those of the processor, on one thread: what other programs take is left '
            'out. Each cell names the machine and its load. ')
    if first is not None:
        about = first['about']
        lead += (f'{about["machine"].get("processor", about["machine"]["system"])}, '
                 f'{about["machine"]["cpus"]} cores, {about["processes"]} processes at a time.')
    return render(title, lead, sections)


def _measured(cells: Sequence[Cell]) -> dict[str, list[Cell]]:
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        if 'skipped' not in cell:
            groups.setdefault(cell['dataset'], []).append(cell)
    return groups


def _series(cells: Sequence[Cell], value: Any) -> dict[str, list[tuple[float, float]]]:
    series: dict[str, list[tuple[float, float]]] = {}
    for cell in sorted(cells, key=lambda c: c['places']):
        series.setdefault(cell['index'], []).append((float(cell['places']), value(cell)))
    return series


def _name(cell: Cell) -> str:
    if cell['study'] == 'grid':
        return f'{cell["dataset"]} {label(cell)}'
    return f'{cell["study"]} {cell.get("dataset", cell.get("index"))}'


def _percent(value: float | None) -> str:
    return '-' if value is None else f'{100 * value:.1f}'


def _interval(bounds: Sequence[float] | None) -> str:
    return '-' if bounds is None else f'{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}'


def _number(value: float | None) -> str:
    if value is None:
        return '-'
    return f'{value:.0f}' if abs(value) >= 100 or value == int(value) else f'{value:.3g}'
