# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Result files side by side, with a paired test on the queries that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
import json
from pathlib import Path
from typing import Any

from vpr_ros.errors import DataError
from vpr_ros.evaluation.about import RESULT_FORMAT
from vpr_ros.evaluation.report.page import section, table
from vpr_ros.evaluation.significance import bootstrap_interval, compare
from vpr_ros.study.page import render, text_table

KINDS = ('evaluation', 'replay')
LEVEL = 0.05  # a difference less likely than this by chance alone is called real


def load_result(path: Path) -> dict[str, Any]:
    """Read a result file of ``vpr evaluate`` or ``vpr replay``.

    Raises:
        DataError: it is missing, no JSON, of another kind or of a newer format.
    """
    try:
        result = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise DataError(f'the result file {path} cannot be read ({error.strerror})') from error
    except (ValueError, RecursionError) as error:
        raise DataError(f'the result file {path} is no valid JSON ({error})') from error
    if not isinstance(result, dict) or result.get('kind') not in KINDS:
        raise DataError(f'{path} is no result of vpr evaluate or vpr replay; write one with '
                        f'--json')
    if result.get('format') != RESULT_FORMAT:
        raise DataError(f'{path} has format {result.get("format")!r}, this version reads '
                        f'{RESULT_FORMAT}; write it again')
    try:
        right_of(result)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f'{path} lacks what its kind holds ({error}); write it again') from error
    return result


def right_of(result: Mapping[str, Any]) -> dict[str, bool]:
    """Query -> whether it was answered rightly.

    For an evaluation that is a right best match; for a replay it is an accepted true loop, for
    every keyframe that returned to a known place.
    """
    if result['kind'] == 'evaluation':
        return {str(row['query']): bool(row['correct']) for row in result['results']}
    return {str(row['stamp_ns']): row['kind'] == 'true' for row in result['results']
            if row['revisit']}


def compare_results(
    results: Mapping[str, Mapping[str, Any]]
) -> tuple[list[str], list[list[str]], list[dict[str, Any]]]:
    """Put results side by side, and test each against the first.

    Args:
        results: name -> result, at least two, all of one kind.

    Returns:
        head and rows of the table of figures, one column per result; and per later result its
        paired test: ``name``, ``against``, ``queries``, ``only_first``, ``only_this``,
        ``difference``, ``p_value``, ``verdict``.

    Raises:
        DataError: fewer than two, of two kinds, or no query in common.
    """
    if len(results) < 2:
        raise DataError('one result file was given; name at least two to compare')
    kinds = {result['kind'] for result in results.values()}
    if len(kinds) > 1:
        raise DataError('results of vpr evaluate and of vpr replay cannot be compared; give files '
                        'of one kind')
    evaluation = kinds == {'evaluation'}
    columns = [_evaluation(r) if evaluation else _replay(r) for r in results.values()]
    names = list(dict.fromkeys(key for column in columns for key in column))
    rows = [[name, *(column.get(name, '-') for column in columns)] for name in names]
    first, *others = results
    return (['', *results], rows,
            [_test(first, results[first], name, results[name]) for name in others])


def _test(
    first: str, one: Mapping[str, Any], name: str, other: Mapping[str, Any]
) -> dict[str, Any]:
    right_one, right_other = right_of(one), right_of(other)
    shared = [query for query in right_one if query in right_other]
    if not shared:
        raise DataError(f'{first} and {name} have no query in common; compare results on the same '
                        f'data')
    found = compare([right_one[q] for q in shared], [right_other[q] for q in shared])
    real = found.p_value < LEVEL
    better = name if found.difference > 0 else first
    verdict = (f'{better} is better: chance alone gives such a difference in '
               f'{100 * found.p_value:.2g} of 100 cases' if real else
               'no difference is shown: chance alone may give this one')
    return {'name': name, 'against': first, 'queries': len(shared),
            'left_out': len(set(right_one) ^ set(right_other)), 'only_first': found.only_a,
            'only_this': found.only_b, 'difference': found.difference, 'p_value': found.p_value,
            'verdict': verdict}


def sentence_of(test: Mapping[str, Any]) -> str:
    """One test in one sentence."""
    text = (f'{test["name"]} against {test["against"]}: {100 * test["difference"]:+.1f} points on '
            f'{test["queries"]} queries ({test["only_this"]} only here, {test["only_first"]} only '
            f'there), p {test["p_value"]:.2g} (McNemar, exact): {test["verdict"]}.')
    if test['left_out']:
        text += f' {test["left_out"]} queries are in one of the files only and do not count.'
    return text


def _evaluation(result: Mapping[str, Any]) -> dict[str, str]:
    curve = result['precision_recall']
    figures = {'data': result['dataset'], 'model': result['model'], 're-ranking': result['rerank'],
               'queries': str(result['queries'])}
    for depth, recall in result['recall'].items():
        figures[f'R@{depth} %'] = _percent(recall) + _interval(
            result['recall_interval_95'].get(depth))
    return {**figures, **_curve(curve), **_common(result)}


def _replay(result: Mapping[str, Any]) -> dict[str, str]:
    loops = result['loop_closures']
    right = list(right_of(result).values())
    figures = {
        'data': result['bag'], 'model': result['model'], 're-ranking': result['rerank'],
        'revisits': str(result['queries']),
        'recall %': _percent(loops['recall']) + _interval(bootstrap_interval(right)),
        'precision %': _percent(loops['precision']),
        'true / false / missed': f'{loops["true"]} / {loops["false"]} / {loops["missed"]}',
    }
    return {**figures, **_curve(result['precision_recall'] or {}), **_common(result)}


def _curve(curve: Mapping[str, Any]) -> dict[str, str]:
    return {text: _percent(curve[key]) for key, text in (
        ('recall_at_100_precision', 'recall at 100 % precision'),
        ('average_precision', 'average precision %')) if key in curve}


def _common(result: Mapping[str, Any]) -> dict[str, str]:
    figures = {}
    error = result['calibration'].get('ece')
    if error is not None:
        figures['calibration error'] = f'{error:.3f}'
    for stage, values in result['latency_ms'].items():
        figures[f'{stage} ms p50 / p99'] = f'{values["p50"]:.1f} / {values["p99"]:.1f}'
    return figures


def comparison_text(
    head: Sequence[str], rows: Sequence[Sequence[str]], tests: Sequence[Mapping[str, Any]]
) -> str:
    """For the terminal."""
    return '\n'.join([text_table(head, rows), '', *(sentence_of(test) for test in tests)])


def comparison_page(
    head: Sequence[str], rows: Sequence[Sequence[str]], tests: Sequence[Mapping[str, Any]]
) -> str:
    """As a page."""
    columns = ('run', 'against', 'queries', 'only here', 'only there', 'points', 'p')
    body = table(columns, [(t['name'], t['against'], t['queries'], t['only_this'],
                            t['only_first'], f'{100 * t["difference"]:+.1f}',
                            f'{t["p_value"]:.2g}') for t in tests])
    lines = ''.join(f'<p>{escape(sentence_of(test))}</p>' for test in tests)
    return render('Runs side by side', ', '.join(head[1:]), [
        section('Figures', f'<div class="panel">{table(head, rows)}</div>',
                note='In brackets: 95 % interval by bootstrap over the queries.'),
        section('Is the difference real?', f'<div class="panel">{body}</div>{lines}',
                note='Exact McNemar test on the queries that both runs answered.'),
    ])


def _percent(value: float | None) -> str:
    return '-' if value is None else f'{100 * value:.1f}'


def _interval(bounds: Sequence[float] | None) -> str:
    return f' ({100 * bounds[0]:.1f} to {100 * bounds[1]:.1f})' if bounds else ''
