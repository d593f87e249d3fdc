# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The section of a report that shows what the model looked at."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from vpr_ros.evaluation.explain import Explanation
from vpr_ros.evaluation.report.page import data_uri, section
from vpr_ros.thumbnails import thumbnail

WIDTH_PX = 1000
NOTE = ('A grey square was slid over the query. Red is where hiding a part made the match less '
        'similar, so that part speaks for the match; blue is where it became more similar. All '
        'pictures have one scale, whose end stands above each map. Mistakes come first.')


def explained_section(explanations: Sequence[Explanation]) -> str:
    """Heat maps of queries, each with its match, as HTML."""
    limit = max(explanation.explained.strongest() for explanation in explanations)
    figures = ''
    for explanation in explanations:
        picture = data_uri(thumbnail(explanation.explained.picture(limit), WIDTH_PX))
        verdict = 'right' if explanation.correct else 'wrong'
        title = f'{verdict}: {explanation.query} matched {explanation.match}'
        figures += (f'<div class="panel"><h3>{escape(title)}</h3><img alt="{escape(title)}" '
                    f'style="width:100%;max-width:{WIDTH_PX}px;height:auto" src="{picture}">'
                    f'<p class="note">{escape(explanation.explained.sentence())}</p></div>')
    return section('What the model looked at', figures, note=NOTE)
