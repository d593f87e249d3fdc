# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Runs what is missing of the comparison, and makes its page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.claims.cells import (
    cell_file,
    cells_of,
    evaluation_sets,
    read_cells,
    run_cell,
)
from training.claims.page import page
from training.claims.scale import check_scale, keep_scale, Scale
from training.claims.tower import shrink_tower
from training.claims.towns import render_towns, Report
from training.claims.variants import check_inputs


def run_claims(folder: Path, scale: Scale, wanted: Sequence[str], report: Report) -> None:
    """Draw the images and run the cells that are not there yet.

    Args:
        folder: of images, trainings and results.
        scale: of the comparison.
        wanted: texts; a cell is run when one of them is in its name. '' is in all.
        report: is given a line at a time.

    Raises:
        ConfigError: the folder holds results of another scale.
        DataError: weights or data sets are missing.
    """
    check_inputs(scale)
    keep_scale(folder, scale)
    render_towns(folder / 'towns', scale, report)
    shrink_tower(folder / 'tower', scale)
    sets = evaluation_sets(folder, scale)
    for key, seed in cells_of(scale):
        file = cell_file(folder, key, seed)
        if not file.is_file() and any(text in file.stem for text in wanted):
            run_cell(folder, scale, key, seed, sets, report)


def make_page(folder: Path, scale: Scale) -> str:
    """Make the page of what a folder holds, as Markdown.

    Raises:
        ConfigError: the folder holds results of another scale.
    """
    check_scale(folder, scale)
    return page(read_cells(folder), scale)
