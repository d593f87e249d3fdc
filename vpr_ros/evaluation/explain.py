# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Why a model matched what it did: occlusion maps of single images, and of a result's extremes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vpr_ros.evaluation.evaluation_result import EvaluationResult
from vpr_ros.evaluation.evaluation_scores import QueryOutcome
from vpr_ros.evaluation.heat_picture import heat_over, side_by_side
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.occlusion import occlusion_map, OcclusionMap, OVERLAP, SQUARE
from vpr_ros.model import Model
from vpr_ros.types import FloatArray, ImageArray

REPORT_OVERLAP = 3  # coarser than alone: a report explains several

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ExplainedImage:
    """An image with its occlusion map.

    Attributes:
        image: as the model saw it, uint8 (H, W, 3) RGB.
        match: the other image as the model saw it, or None.
        occlusion: what hiding each part does.
    """

    image: ImageArray
    match: ImageArray | None
    occlusion: OcclusionMap

    def strongest(self) -> float:
        """Return the largest heat of its map, above or below 0."""
        return float(np.abs(self.occlusion.per_pixel()).max())

    def picture(self, limit: float = 0.0) -> ImageArray:
        """Image, heat map and match side by side; ``limit`` as :func:`heat_over`."""
        signed, end = self.match is not None, limit or self.strongest()
        heat = heat_over(self.image, self.occlusion.per_pixel(), signed=signed, limit=end)
        if self.match is None:
            return side_by_side([('image', self.image),
                                 (f'change when hidden, 0 (dark) to {end:.2f}', heat)])
        return side_by_side([
            ('image', self.image),
            (f'speaks for the match (red) or against, to {end:.3f}', heat),
            (f'match, similarity {self.occlusion.similarity:.3f}', self.match),
        ])

    def sentence(self) -> str:
        """Return what was found, in one sentence."""
        found = self.occlusion
        row, column = np.unravel_index(np.abs(found.change).argmax(), found.change.shape)
        at_x = found.lefts[column] + found.square_px // 2
        at_y = found.tops[row] + found.square_px // 2
        where = (f'a square of {found.square_px} px at ({at_x}, {at_y}) of '
                 f'{found.width}x{found.height}')
        change = float(found.change[row, column])
        if found.similarity is None:
            return f'hiding {where} changes the descriptor most, by {change:.3f}'
        verb = 'lowers' if change > 0 else 'raises'
        return (f'similarity {found.similarity:.3f}; hiding {where} {verb} it most, by '
                f'{abs(change):.3f}')


@dataclass(frozen=True)
class Explanation:
    """One query of a report.

    Attributes:
        query, match: names.
        correct: whether the match is right.
        explained: of the query, with respect to the match.
    """

    query: str
    match: str
    correct: bool
    explained: ExplainedImage


def explain_image(model: Model, image: ImageArray, match: ImageArray | None = None, *,
                  square: float = SQUARE, overlap: int = OVERLAP,
                  progress: Progress | None = None) -> ExplainedImage:
    """Find the parts of an image that its descriptor rests on, or its similarity to another's.

    Args:
        model: describes them.
        image: uint8 (H, W, 3) RGB, any size.
        match: the same, or None.
        square, overlap, progress: see :func:`occlusion_map`.

    Raises:
        ConfigError: the square or the overlap is out of range.
        ImageError, ModelError: see :meth:`Model.describe`.
    """
    def describe(prepared: ImageArray) -> FloatArray:
        return model.describe(prepared, patches=False).global_descriptor

    seen = model.prepare(image)
    other = None if match is None else model.prepare(match)
    found = occlusion_map(describe, seen, match=None if other is None else describe(other),
                          square=square, overlap=overlap, progress=progress)
    return ExplainedImage(seen, other, found)


def explain_result(result: EvaluationResult, model: Model, count: int, *,
                   progress: Progress | None = None) -> list[Explanation]:
    """Explain the most confident mistakes of a result, then its most confident right answers.

    Args:
        result: of an evaluation.
        model: that was evaluated.
        count: of each kind, at most.
        progress: called with (queries done, queries in total, stage).

    Raises:
        ImageError: an image can no longer be read.
    """
    chosen = extremes(result, count)
    explanations = []
    for done, outcome in enumerate(chosen):
        query = result.dataset.queries[outcome.query]
        match = result.dataset.database[outcome.matches[0][0]]
        explained = explain_image(model, read_image(query.path), read_image(match.path),
                                  overlap=REPORT_OVERLAP)
        explanations.append(Explanation(query.name, match.name, outcome.correct, explained))
        if progress is not None:
            progress(done + 1, len(chosen), 'explaining')
    return explanations


def extremes(result: EvaluationResult, count: int) -> list[QueryOutcome]:
    """Up to ``count`` mistakes and ``count`` right answers, the most confident first.

    Queries without a right answer in the database are no mistakes of the model's.
    """
    answered = sorted((outcome for outcome in result.outcomes if outcome.matches),
                      key=lambda outcome: (-outcome.probability, outcome.query))
    wrong = [outcome for outcome in answered
             if not outcome.correct and outcome.expected is not None]
    right = [outcome for outcome in answered if outcome.correct]
    return wrong[:count] + right[:count]
