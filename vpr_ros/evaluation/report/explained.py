# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sections of a report that show what the model looked at, and pictures made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from vpr_ros.evaluation.explain import Explanation
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.report.page import data_uri, section
from vpr_ros.thumbnails import thumbnail

WIDTH_PX = 1000
FIGURE_WIDTH_PX = 1600
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
        figures += _panel(title, picture, explanation.explained.sentence())
    return section('What the model looked at', figures, note=NOTE)


def figure_section(paths: Sequence[Path]) -> str:
    """Pictures of files under their names, as HTML.

    Raises:
        ImageError: one cannot be read.
    """
    return section('Figures', ''.join(
        _panel(path.name, data_uri(thumbnail(read_image(path), FIGURE_WIDTH_PX)), '')
        for path in paths))


def _panel(title: str, picture: str, note: str) -> str:
    return (f'<div class="panel"><h3>{escape(title)}</h3><img alt="{escape(title)}" '
            f'style="max-width:100%;height:auto" src="{picture}">'
            f'<p class="note">{escape(note)}</p></div>')
