# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Walk one part of a building in the map of another: every match is wrong, none should be taken.

The floors of a tower look alike. The map is made of the images of one floor as of a walk, and
another floor is walked in it. How many frames are accepted says whether the probability knows
places that are not in the map at all; as samples they teach it (``vpr calibrate``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vpr_ros.assembly import open_recognizer
from vpr_ros.decision.calibration import GENERIC
from vpr_ros.decision.decide import decide
from vpr_ros.errors import DataError
from vpr_ros.evaluation.about import about, RESULT_FORMAT
from vpr_ros.evaluation.calibrate import sample_of
from vpr_ros.evaluation.dataset import Dataset, ImageRef
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.significance import bootstrap_interval
from vpr_ros.keyframes import NO_IMAGE
from vpr_ros.model import Model
from vpr_ros.pipeline import Described, PlaceRecognizer
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Reason, Recognition

THRESHOLDS = (0.5, 0.9, 0.95)  # of the probability, beside the one that is set
LATER_NS = 10**17  # the second walk is another day's

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class PairResult:
    """What was recognised of one part in the map of another.

    Attributes:
        mapped, walked: names of the parts.
        places: of the map.
        recognitions: of the frames of the walk.
    """

    mapped: str
    walked: str
    places: int
    recognitions: tuple[Recognition, ...]


def walk_of(dataset: Dataset, part: str) -> list[ImageRef]:
    """Return the images of one part of a data set, in the order in which they were taken.

    Raises:
        DataError: the data set names no such part.
    """
    images = [i for i in (*dataset.database, *dataset.queries) if i.condition == part]
    if not images:
        parts = sorted({i.condition for i in (*dataset.database, *dataset.queries)} - {''})
        raise DataError(f'{dataset.name} has no part {part!r}; it names '
                        f'{", ".join(parts) or "none"}')
    return sorted(images, key=lambda image: image.stamp_ns)


def pair_of(text: str) -> tuple[str, str]:
    """Read ``MAPPED:WALKED``.

    Raises:
        DataError: it is not of that form, or both parts are the same.
    """
    mapped, _, walked = text.partition(':')
    if not mapped or not walked or mapped == walked:
        raise DataError(f'{text!r} names no two parts; expected MAPPED:WALKED, for example '
                        f'floor5:floor12')
    return mapped, walked


def look_alike(
    dataset: Dataset, pairs: Sequence[tuple[str, str]], model: Model, settings: Settings,
    progress: Progress | None = None,
) -> list[PairResult]:
    """Walk parts in the maps of others; each image is described once.

    Args:
        dataset: whose images have a condition that names the part they show.
        pairs: (mapped, walked); no place of the one is in the other.
        model: describes the images.
        settings: of the pipeline.
        progress: called with (pairs done, of so many, what).

    Raises:
        DataError: an unknown part, or an image cannot be read.
    """
    settings = settings.replace(thumbnail_width_px=0)  # nobody sees these maps
    walks = {part: walk_of(dataset, part) for pair in pairs for part in pair}
    described: dict[str, list[Described]] = {}
    results = []
    for done, (mapped, walked) in enumerate(pairs):
        if progress is not None:
            progress(done, len(pairs), f'{walked} in the map of {mapped}')
        maker = open_recognizer(settings, model=model, session=mapped)
        with maker.place_map as place_map:
            for part in {mapped, walked} - described.keys():
                described[part] = [maker.describe(read_image(i.path)) for i in walks[part]]
            for image, known in zip(walks[mapped], described[mapped], strict=True):
                maker.process(Frame(NO_IMAGE, image.stamp_ns), known)
            walker = PlaceRecognizer(
                model, place_map, settings, mapping=False, calibration=maker.calibration)
            recognitions = tuple(
                walker.process(Frame(NO_IMAGE, image.stamp_ns + LATER_NS), known)
                for image, known in zip(walks[walked], described[walked], strict=True))
            results.append(PairResult(mapped, walked, len(place_map), recognitions))
    return results


def figures_of(
    results: Sequence[PairResult], dataset: Dataset, model: Model, settings: Settings
) -> dict[str, Any]:
    """Return what ``--json`` writes: accepted shares by threshold, and samples for the fit."""
    frames = [r for result in results for r in result.recognitions]
    accepted = {}
    for least in sorted({*THRESHOLDS, settings.min_probability}):
        taken = [_would_accept(r, settings, least) for r in frames]
        accepted[f'{least:g}'] = {
            'frames': sum(taken), 'share': sum(taken) / max(len(taken), 1),
            'interval_95': bootstrap_interval(taken)}
    return {
        'format': RESULT_FORMAT, 'kind': 'look_alike', 'dataset': dataset.name,
        'model': model.card.name, 'about': about(model), 'rerank': settings.rerank,
        'settings': settings.as_dict(), 'frames': len(frames), 'accepted': accepted,
        'pairs': [_pair(result) for result in results],
        'samples': [sample_of(r.best, true=False) for r in frames if r.best is not None],
    }


def _pair(result: PairResult) -> dict[str, Any]:
    reasons = Counter(r.reason.name for r in result.recognitions)
    return {
        'mapped': result.mapped, 'walked': result.walked, 'places': result.places,
        'frames': len(result.recognitions), 'reasons': dict(reasons.most_common()),
    }


def _would_accept(recognition: Recognition, settings: Settings, least: float) -> bool:
    """Return whether the match is accepted at another ``min_probability``."""
    if recognition.best is None:
        return False
    return decide(recognition.best, recognition.probability, GENERIC,
                  settings.replace(min_probability=least), shed=False) is Reason.ACCEPTED
