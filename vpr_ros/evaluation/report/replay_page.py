# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The report of a drive: the route with its loop closures, failures first."""

from __future__ import annotations

from typing import Any

import numpy as np

from vpr_ros.evaluation.ground_truth import LapGroundTruth
from vpr_ros.evaluation.replay_result import QueryVerdict, ReplayResult
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
from vpr_ros.evaluation.report.page import Item, number, Page, percent, section, Tile
from vpr_ros.evaluation.report.tables import (
    located_section,
    loops_section,
    matrix_data,
    matrix_section,
)

MOST_TRUE, MOST_OTHERS = 150, 200  # loops on the page; failures before successes
MOST_CARDS = 6
GOOD_RECALL = 0.8  # from here on the recall is shown in green
ROUTE_POINTS = 3000
_KINDS = {'true': ('true loop', 'good'), 'false': ('false loop', 'bad'),
          'missed': ('missed', 'warn'), 'unknown': ('loop closure', 'info')}
Position = tuple[float, float]


def replay_page(result: ReplayResult) -> Page:
    """Make the page of a replay."""
    figures = result.to_json()
    positions, drawn_how = drawn_positions(result)
    metric = bool(positions) and not isinstance(result.ground_truth, LapGroundTruth)
    verdicts = _chosen(result)
    items = [_item(result, verdict, positions) for verdict in verdicts]
    judged = result.ground_truth is not None
    page = Page(
        title=f'Loop closures of {result.bag or "a drive"}',
        lead=f'Model {figures["model"]}, re-ranking {figures["rerank"]}; '
             f'{figures["ground_truth"] or "no ground truth, so nothing is judged"}.',
        verdict=_verdict(figures) if judged else '',
        tiles=_tiles(figures, judged), items=items,
    )
    failures = _spread([i for i, v in enumerate(verdicts) if v.kind == 'false'])
    failures += _spread([i for i, v in enumerate(verdicts) if v.kind == 'missed'])
    found = sorted((i for i, v in enumerate(verdicts) if v.kind in ('true', 'unknown')),
                   key=lambda i: verdicts[i].recognition.probability)
    page.groups = {'failures': failures, 'weakest': found[:MOST_CARDS // 2],
                   'strongest': found[MOST_CARDS // 2:][::-1][:MOST_CARDS // 2]}
    if items:
        page.sections.append(section('The route', BROWSER, note=(
            f'{drawn_how} Choose a line or a point to see both images with the evidence; the '
            f'arrow keys step through all of them.')))
    page.sections += [
        cards('Failures first', 'failures', len(failures), note=(
            'False loops, then missed ones. Right is what was matched, or for a missed one the '
            'place that it should have found.')),
        curve_section('probability', result.calibration_source, reliability=judged)
        if judged else '',
        loops_section(figures),
        located_section(figures['localisation']),
        matrix_section(result.matrix, 'Keyframes', 'keyframes'),
        latency_section(result.latency, result.about),
        reason_section(figures['reasons'], 'Decisions on all keyframes',
                       'Before a place is seen again, silence is right.'),
        reason_section(figures['missed_reasons'], 'Why loops were missed', ''),
        cards('Strongest matches', 'strongest', len(page.groups['strongest'])),
        cards('Weakest accepted matches', 'weakest', len(page.groups['weakest'])),
        configuration_section(
            [('drive', result.bag), ('frames', figures['frames']),
             ('keyframes', figures['keyframes']), ('ground truth', figures['ground_truth']),
             ('calibration', result.calibration_source)], figures['settings'], result.about),
    ]
    page.data = {
        'route': {**_route(result, positions), 'scale': metric, 'arcs': not positions},
        'latency': latency_data(result.latency),
        'matrix': matrix_data(result.matrix, 'keyframe', 'keyframe'),
    }
    if judged:
        closures = figures['loop_closures']
        page.data['curve'] = {**figures['precision_recall']['curve'], 'score': 'probability'}
        page.data['band'] = figures['precision_recall']['band_95']
        page.data['reliability'] = figures['calibration']['bins']
        if closures['precision'] is not None and closures['recall'] is not None:
            page.data['operating'] = [closures['recall'], closures['precision']]
    wanted = {key for item in items for _, key in item.pictures}
    page.pictures = {str(stamp): jpeg for stamp, jpeg in result.journal.pictures.items()
                     if str(stamp) in wanted}
    return page


def _spread(indices: list[int]) -> list[int]:
    """At most MOST_CARDS of them, evenly over the drive: neighbours look alike."""
    rows = np.linspace(0, len(indices) - 1, min(len(indices), MOST_CARDS)).astype(int)
    return [indices[row] for row in rows]


def drawn_positions(result: ReplayResult) -> tuple[dict[int, Position], str]:
    """Stamp -> position of everything that is drawn, and how it is drawn."""
    stamps = set(result.journal.stamps_ns)
    for verdict in result.verdicts:
        stamps.add(verdict.recognition.stamp_ns)
        stamps.update(m.place.stamp_ns for m in verdict.recognition.matches[:1])
    ordered = sorted(stamps)
    if result.ground_truth is not None:
        found = result.ground_truth.positions_m(np.asarray(ordered, np.int64))
        known = {s: (float(x), float(y)) for s, (x, y) in zip(ordered, found, strict=True)
                 if np.isfinite(x)}
        if known:
            how = 'Drawn from the ground truth.'
            if isinstance(result.ground_truth, LapGroundTruth):
                how = 'The course is drawn as a circle, each lap further out.'
            return known, how
    if result.journal.positions_m:
        return dict(result.journal.positions_m), 'Drawn from odometry.'
    return {}, 'No positions are known, so time runs from left to right.'


def _route(result: ReplayResult, positions: dict[int, Position]) -> dict[str, Any]:
    """Return the line of the route in pieces; without positions, time along a line."""
    stamps = result.journal.stamps_ns or [v.recognition.stamp_ns for v in result.verdicts]
    if not positions:
        ends = [(_seconds(result, s), 0.0) for s in (min(stamps), max(stamps))] if stamps else []
        return {'line': [ends] if ends else [], 'dots': []}
    every = max(1, len(stamps) // ROUTE_POINTS)
    pieces: list[list[Position]] = [[]]
    for stamp in stamps[::every]:
        if stamp in positions:
            pieces[-1].append(positions[stamp])
        elif pieces[-1]:
            pieces.append([])
    return {'line': [piece for piece in pieces if len(piece) > 1], 'dots': []}


def _chosen(result: ReplayResult) -> list[QueryVerdict]:
    """Choose the queries on the page, in order: failures first where there are too many."""
    kept = []
    for kind, most in (('false', MOST_OTHERS), ('missed', MOST_OTHERS), ('unknown', MOST_TRUE),
                       ('true', MOST_TRUE)):
        of_kind = [v for v in result.verdicts if v.kind == kind]
        rows = np.linspace(0, len(of_kind) - 1, min(len(of_kind), most)).astype(int)
        kept += [of_kind[row] for row in rows]
    return sorted(kept, key=lambda verdict: verdict.recognition.stamp_ns)


def _item(
    result: ReplayResult, verdict: QueryVerdict, positions: dict[int, Position]
) -> Item:
    recognition, best = verdict.recognition, verdict.recognition.best
    kind, tone = _KINDS[verdict.kind]
    seconds = _seconds(result, recognition.stamp_ns)
    title = f'query at {seconds:.1f} s'
    pictures = [(f'query, {seconds:.1f} s', str(recognition.stamp_ns))]
    shown = best.place.stamp_ns if best else None
    expected = verdict.revisit.place_stamp_ns
    if verdict.kind == 'missed' and expected is not None:
        pictures.append((f'place to find, {_seconds(result, expected):.1f} s', str(expected)))
        title += f', place to find at {_seconds(result, expected):.1f} s'
    elif shown is not None:
        title += f', match at {_seconds(result, shown):.1f} s, p {recognition.probability:.3f}'
    if best is not None and not (verdict.kind == 'missed' and shown == expected):
        pictures.append((f'best match, {_seconds(result, best.place.stamp_ns):.1f} s',
                         str(best.place.stamp_ns)))
    if verdict.kind == 'false' and expected is not None:
        pictures.append((f'a true place, {_seconds(result, expected):.1f} s', str(expected)))
    rows = evidence_rows(best, recognition.probability, recognition.reason)
    if verdict.kind == 'missed' and verdict.correct is not None:
        rows.append(('best match was', 'right' if verdict.correct else 'wrong'))
    turn = result.heading_change_deg(verdict)
    if turn is not None:
        rows.append(('heading change', f'{turn:.0f} degrees'))
    to_stamp = expected if verdict.kind == 'missed' else shown
    return Item(kind, tone, title, rows, pictures,
                _place(result, positions, recognition.stamp_ns),
                None if to_stamp is None else _place(result, positions, to_stamp))


def _place(
    result: ReplayResult, positions: dict[int, Position], stamp_ns: int
) -> Position | None:
    return positions.get(stamp_ns) if positions else (_seconds(result, stamp_ns), 0.0)


def _seconds(result: ReplayResult, stamp_ns: int) -> float:
    """Seconds since the drive began (negative for places of an earlier drive)."""
    stamps = result.journal.stamps_ns
    first = stamps[0] if stamps else result.verdicts[0].recognition.stamp_ns
    return (stamp_ns - first) * 1e-9


def _verdict(figures: dict[str, Any]) -> str:
    closures = figures['loop_closures']
    if not figures['queries']:
        return 'The drive never returns to a place, so there was nothing to find.'
    found = (f'{closures["true"]} of {figures["queries"]} keyframes that returned to a known '
             f'place were recognised')
    wrong = closures['false']
    return f'{found}, with {wrong or "no"} false loop closure{"" if wrong == 1 else "s"}.'


def _tiles(figures: dict[str, Any], judged: bool) -> list[Tile]:
    closures, tiles = figures['loop_closures'], []
    if judged:
        tiles = [
            Tile('Precision', percent(closures['precision']),
                 f'{closures["true"]} true, {closures["false"]} false',
                 'bad' if closures['false'] else 'good' if closures['true'] else ''),
            Tile('Recall', percent(closures['recall']),
                 f'of {figures["queries"]} returning keyframes',
                 'good' if (closures['recall'] or 0) >= GOOD_RECALL else 'warn'),
            Tile('Missed', str(closures['missed']), 'returning keyframes without an answer',
                 'warn' if closures['missed'] else 'good'),
            Tile('Recall at 100 % precision', percent(figures['recall_at_100_precision']),
                 'with the best threshold'),
            Tile('Calibration error', number(figures['calibration']['ece']),
                 'expected, 0 is perfect'),
        ]
    else:
        tiles = [Tile('Loop closures', str(closures['unknown']), 'not judged', 'info')]
    total = figures['latency_ms'].get('total')
    if total:
        tiles.append(Tile('Latency p50', f'{total["p50"]:.1f} ms', f'p99 {total["p99"]:.1f} ms'))
    tiles.append(Tile('Frames', str(figures['frames']), f'{figures["keyframes"]} keyframes'))
    return tiles
