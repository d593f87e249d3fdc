# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report of a data set: every query as a square, failures first."""

from __future__ import annotations

from typing import Any

from vpr_ros.evaluation.evaluation_result import EvaluationResult
from vpr_ros.evaluation.evaluation_scores import QueryOutcome
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.report.common import (
    BROWSER,
    cards,
    configuration_section,
    curve_section,
    evidence_rows,
    latency_data,
    latency_section,
    reason_section,
)
from vpr_ros.evaluation.report.page import Item, number, Page, percent, section, table, Tile
from vpr_ros.evaluation.report.tables import (
    conditions_section,
    located_section,
    matrix_data,
    matrix_section,
)
from vpr_ros.thumbnails import thumbnail

MOST_PICTURES = 450
MOST_CARDS = 6
PICTURE_WIDTH_PX = 200
MOST_LETTERS = 40
MAP_FROM = 3  # positions from which on a map is worth drawing


def evaluation_page(result: EvaluationResult) -> Page:
    """Make the page of an evaluation."""
    figures = result.to_json()
    items = [_item(result, outcome) for outcome in result.outcomes]
    page = Page(
        title=f'{figures["model"]} on {figures["dataset"]}',
        lead=f'{figures["queries"]} queries in {figures["database"]} database images, '
             f're-ranking {figures["rerank"]}.',
        verdict=_verdict(figures), tiles=_tiles(figures), items=items,
    )
    outcomes, matrix = result.outcomes, result.matrix.to_json()
    wrong = sorted((i for i, item in enumerate(items) if item.tone in ('bad', 'warn')),
                   key=lambda i: (items[i].tone != 'bad', -outcomes[i].probability))
    right = sorted((i for i, item in enumerate(items) if item.tone == 'good'),
                   key=lambda i: -outcomes[i].probability)
    page.groups = {'failures': wrong[:2 * MOST_CARDS], 'best': right[:MOST_CARDS // 2],
                   'weakest': right[::-1][:MOST_CARDS // 2]}
    mapped = _mapped(result)
    page.sections += [
        section('Every query', BROWSER, note=(
            ('Each point is a query where it was taken, joined with its best match.' if mapped
             else 'Each square is a query, in order.')
            + ' Choose one to see what was matched; the arrow keys step through them.')),
        cards('Failures first', 'failures', len(page.groups['failures']),
              note='Right is the best match; the most confident mistakes come first.'),
        _recall_section(figures),
        conditions_section(figures['conditions']),
        curve_section('similarity', result.calibration_source, reliability=True),
        located_section(figures['localisation']),
        matrix_section(matrix, 'Queries', 'database images'),
        latency_section(result.scores.latency, result.about),
        reason_section(figures['reasons'], 'What the robot would have decided',
                       'For each query alone, without the frames before it.'),
        cards('Most confident right matches', 'best', len(page.groups['best'])),
        cards('Least confident right matches', 'weakest', len(page.groups['weakest'])),
        configuration_section(
            [('data set', figures['dataset']), ('radius m', figures['radius_m']),
             ('query handling', figures['query_handling']),
             ('spatial suppression m', figures['spatial_nms_m']),
             ('calibration', result.calibration_source)], figures['settings'], result.about),
    ]
    page.data = {
        'route': {'line': [], 'arcs': False, 'scale': True, 'dots': [
            image.position_m for image in result.dataset.database]} if mapped else None,
        'curve': {**figures['precision_recall']['curve'], 'score': 'similarity'},
        'reliability': figures['calibration']['bins'],
        'latency': latency_data(result.scores.latency),
        'band': figures['precision_recall']['band_95'],
        'matrix': matrix_data(matrix, 'query', 'database image'),
    }
    if not mapped:
        for item in items:
            item.at = item.to = None
    _add_pictures(page, result)
    return page


def _mapped(result: EvaluationResult) -> bool:
    places = {image.position_m for image in result.dataset.queries if image.position_m}
    return len(places) >= MAP_FROM


def _item(result: EvaluationResult, outcome: QueryOutcome) -> Item:
    query, database = result.dataset.queries[outcome.query], result.dataset.database
    best = outcome.matches[0] if outcome.matches else None
    kind, tone = 'right', 'good'
    if outcome.expected is None:
        kind, tone = 'no right answer exists', 'info'
    elif not outcome.correct:
        kind, tone = ('not found', 'bad')
        if outcome.rank > 0:
            kind, tone = 'right one further down', 'warn'
    name, pictures = _short(query.name), [(f'query {_short(query.name)}', f'q{outcome.query}')]
    title = name
    if best is not None:
        found = _short(database[best[0]].name)
        pictures.append((f'best match {found}', f'd{best[0]}'))
        title += f' matched {found}, similarity {best[1].similarity:.3f}'
    if not outcome.correct and outcome.expected is not None:
        pictures.append((f'right {_short(database[outcome.expected].name)}',
                         f'd{outcome.expected}'))
    rows = evidence_rows(best[1] if best else None, outcome.probability, outcome.reason)
    rows.append(('first right answer', f'rank {outcome.rank}' if outcome.rank else 'not found'))
    if query.condition:
        rows.append(('condition', query.condition))
    return Item(kind, tone, title, rows, pictures, query.position_m,
                database[best[0]].position_m if best else None)


def _short(name: str) -> str:
    """Leave out the middle of a long file name; its ends tell images apart."""
    return name if len(name) <= MOST_LETTERS else f'{name[:18]}…{name[-18:]}'


def _add_pictures(page: Page, result: EvaluationResult) -> None:
    """Pictures of the cards and failures first, then of the others evenly, up to the limit."""
    first = [i for group in page.groups.values() for i in group]
    first += [i for i, item in enumerate(page.items) if item.tone != 'good']
    stride = max(1, len(page.items) * 2 // MOST_PICTURES)
    first += list(range(0, len(page.items), stride))
    for index in dict.fromkeys(first):
        for _, key in page.items[index].pictures:
            if len(page.pictures) >= MOST_PICTURES:
                return
            if key not in page.pictures:
                images = result.dataset.queries if key[0] == 'q' else result.dataset.database
                image = read_image(images[int(key[1:])].path)
                page.pictures[key] = thumbnail(image, PICTURE_WIDTH_PX)


def _recall_section(figures: dict[str, Any]) -> str:
    rows = []
    for depth, recall in figures['recall'].items():
        low, high = figures['recall_interval_95'][depth]
        rows.append((f'R@{depth}', percent(recall), f'{percent(low)} to {percent(high)}',
                     percent(figures['recall_answerable'][depth])))
    body = table(('all queries', 'recall', '95 % interval', 'of those with an answer'), rows)
    retrieval = figures['mean_average_precision']
    if retrieval is not None and retrieval['map'] is not None:
        low, high = retrieval['interval_95']
        body += (f'<p class="note">Mean average precision {number(retrieval["map"])}, 95 % '
                 f'interval {number(low)} to {number(high)}, over {retrieval["queries"]} '
                 f'queries.</p>')
    top = figures['top_k_precision_recall']
    body += (f'<p class="note">Over the first {top["k"]} answers of each query: average precision '
             f'{number(top["average_precision"])}, {top["to_find"]} right answers to find.</p>')
    return section('Recall', f'<div class="panel">{body}</div>', note=(
        'Share of the queries with a right place among the first N. Intervals by bootstrap over '
        'queries.'))


def _verdict(figures: dict[str, Any]) -> str:
    first = figures['recall'].get('1') or 0.0
    count = round(first * figures['queries'])
    return (f'For {count} of {figures["queries"]} queries the best match shows the right place.')


def _tiles(figures: dict[str, Any]) -> list[Tile]:
    tiles = []
    for depth, recall in figures['recall'].items():
        low, high = figures['recall_interval_95'][depth]
        tiles.append(Tile(f'Recall@{depth}', percent(recall),
                          f'95 %: {100 * low:.1f} to {100 * high:.1f}',
                          'good' if depth == '1' else ''))
    curve = figures['precision_recall']
    tiles += [
        Tile('Average precision', number(curve['average_precision']), 'by similarity'),
        Tile('Recall at 100 % precision', percent(curve['recall_at_100_precision']),
             'by similarity'),
        Tile('Calibration error', number(figures['calibration']['ece']),
             'expected, 0 is perfect'),
    ]
    total = figures['latency_ms'].get('total')
    if total:
        tiles.append(Tile('Latency p50', f'{total["p50"]:.1f} ms', f'p99 {total["p99"]:.1f} ms'))
    return tiles
