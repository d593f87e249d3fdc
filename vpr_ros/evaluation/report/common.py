# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sections that the reports of replays and evaluations share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from vpr_ros.decision.features import features_of
from vpr_ros.evaluation.latency import LatencyQuantiles
from vpr_ros.evaluation.report.page import number, percent, section, table
from vpr_ros.types import Match, Reason

# What each reason means to somebody who has not read the code.
MEANINGS: Mapping[str, str] = {
    'ACCEPTED': 'reported as a loop closure',
    'BLANK_IMAGE': 'nothing to see in the image',
    'NO_MAP': 'the map holds no place yet',
    'TOO_RECENT': 'every place of the map was only just left',
    'LOW_SIMILARITY': 'no place looks alike enough',
    'AMBIGUOUS': 'another, distant place looks as much alike',
    'SPATIALLY_INCONSISTENT': 'patches match, but not in one arrangement',
    'NO_SEQUENCE_SUPPORT': 'the frames before do not lead to the match',
    'LOW_PROBABILITY': 'the evidence together is too weak',
    'DEADLINE': 'the time budget ended first',
}
BROWSER = """<div class="split">
<div class="panel"><div class="legend" id="legend"></div><div id="map"></div></div>
<div class="panel detail" id="detail" aria-live="polite"></div>
</div>"""


def evidence_rows(match: Match | None, probability: float, reason: Reason) -> list[
    tuple[str, str]
]:
    """Write the evidence for a match as rows of a table."""
    rows = [('decision', reason.name), ('', MEANINGS[reason.name])]
    if match is None:
        return rows
    rows += [('probability', number(probability)), ('similarity', number(match.similarity))]
    features = features_of(match)
    if features['margin'] is not None:
        rows.append(('best elsewhere', number(match.outside_similarity)))
    if match.sequence_frames:
        rows.append(('frames before that agree',
                     f'{match.sequence_support} of {match.sequence_frames}'))
    if match.line_similarity is not None:
        rows.append(('similarity of these on the way there', number(match.line_similarity)))
    if match.spatial is not None:
        rows.append(('spatial score', number(match.spatial.score)))
        if match.spatial.inliers >= 0:
            rows.append(('inliers', f'{match.spatial.inliers} of {match.spatial.matches}'))
    return rows


def cards(heading: str, group: str, count: int, *, note: str = '') -> str:
    """Write a section of cards that the script fills from ``groups[group]``."""
    if not count:
        return ''
    return section(heading, f'<div class="cards" data-cards="{escape(group)}"></div>', note=note)


def reason_section(reasons: Mapping[str, int], heading: str, note: str) -> str:
    """How often each decision was taken."""
    total = sum(reasons.values()) or 1
    most = max(reasons.values(), default=1)
    rows = [(f'{name}: {MEANINGS[name]}', count, percent(count / total))
            for name, count in reasons.items()]
    bars = [count / most for count in reasons.values()]
    body = table(('decision', 'queries', 'share'), rows, bars=bars)
    return section(heading, f'<div class="panel">{body}</div>', note=note) if rows else ''


def curve_section(score: str, calibration_source: str, *, reliability: bool) -> str:
    """Precision against recall, and whether the probabilities hold."""
    source = f'Calibration: {calibration_source}.' if calibration_source else ''
    right = f"""<div class="panel"><h3>Do the probabilities hold?</h3><div id="reliability"></div>
<p class="note">On the diagonal, a stated probability is the share that is right. Larger dots
stand for more matches. {escape(source)}</p></div>""" if reliability else ''
    return section('Precision and recall', f"""<div class="halves">
<div class="panel"><h3>By {escape(score)} of the best match</h3><div id="curve"></div></div>
{right}</div>""")


def latency_section(latency: LatencyQuantiles, about: Mapping[str, Any]) -> str:
    """Write a histogram per stage, drawn by the script, and the table behind it."""
    quantiles = latency.compute()
    if not quantiles:
        return ''
    rows = [(stage, *(f'{values[k]:.2f}' for k in ('p50', 'p99', 'mean', 'max')))
            for stage, values in quantiles.items()]
    machine = about.get('machine', {})
    where = f'{machine.get("processor", "")}, {machine.get("cpus", "?")} cores' if machine else ''
    body = ('<div class="halves" id="latency"></div><details><summary>As a table</summary>'
            + table(('stage', 'p50 ms', 'p99 ms', 'mean ms', 'max ms'), rows) + '</details>')
    return section('Latency per stage', body,
                   note=f'Orange is the median, red the 99 % quantile. {where}')


def latency_data(latency: LatencyQuantiles) -> dict[str, Any]:
    """Return what the script draws the histograms from."""
    quantiles = latency.compute()
    return {
        stage: {**histogram, 'p50': quantiles[stage]['p50'], 'p99': quantiles[stage]['p99']}
        for stage, histogram in latency.histograms().items()
    }


def configuration_section(
    facts: Sequence[tuple[str, Any]], settings: Mapping[str, Any], about: Mapping[str, Any]
) -> str:
    """Everything needed to run it again."""
    rows = [(name, value) for name, value in facts if value not in (None, '')]
    model = about.get('model', {})
    rows += [(f'model {name}', value) for name, value in model.items()]
    rows += list(about.get('versions', {}).items())
    rows += [(name, value) for name, value in about.get('machine', {}).items()]
    body = (f'<div class="panel facts">{table(("run", ""), rows)}'
            f'<details><summary>All {len(settings)} settings</summary>'
            f'{table(("setting", "value"), list(settings.items()))}</details></div>')
    return section('Run configuration', body)
