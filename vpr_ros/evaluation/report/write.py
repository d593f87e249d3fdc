# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Write the report of a result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vpr_ros.errors import DataError
from vpr_ros.evaluation.evaluation_result import EvaluationResult
from vpr_ros.evaluation.explain import Explanation
from vpr_ros.evaluation.replay_result import ReplayResult
from vpr_ros.evaluation.report.evaluation_page import evaluation_page
from vpr_ros.evaluation.report.explained import explained_section, figure_section
from vpr_ros.evaluation.report.replay_page import replay_page

NAME = 'report.html'


def write_report(result: EvaluationResult | ReplayResult, out_dir: Path | str, *,
                 explanations: Sequence[Explanation] = (),
                 figures: Sequence[Path] = ()) -> Path:
    """Write one self-contained HTML page.

    Args:
        result: of :func:`vpr_ros.evaluation.evaluate.evaluate`, of
            :func:`vpr_ros.evaluation.replay.replay` or of
            :func:`vpr_ros.evaluation.scoring.score`.
        out_dir: folder for ``report.html``; made when it is missing.
        explanations: of :func:`vpr_ros.evaluation.explain.explain_result`, for a section with
            their heat maps.
        figures: picture files for a section of their own, such as training curves.

    Returns:
        The page's path.

    Raises:
        DataError: the folder or the page cannot be written.
        ImageError: an image of the data set can no longer be read, or a figure not at all.
    """
    page = (replay_page(result) if isinstance(result, ReplayResult)
            else evaluation_page(result))
    if explanations:
        page.sections.insert(-1, explained_section(explanations))  # before how it was run
    if figures:
        page.sections.insert(-1, figure_section(figures))
    path = Path(out_dir) / NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page.render(), encoding='utf-8')
    except OSError as error:
        raise DataError(f'the report {path} cannot be written ({error.strerror}); choose another '
                        f'folder') from error
    return path
