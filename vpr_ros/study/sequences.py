# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What sequences add: single images, SeqSLAM, and the pipeline's own travelled distance.

The queries of a data set in order are one drive, its database another. The query drive is played
again with the same images as it was, backwards (a robot in reverse), at varying speed and with
stops. Distance comes from the images' positions, or counts one metre an image where there are
none; time runs at ten images a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.assembly import open_recognizer
from vpr_ros.evaluation.dataset import Dataset, ImageRef
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.precision_recall import PrecisionRecall
from vpr_ros.evaluation.sequence_baseline import search, SeqSlam
from vpr_ros.evaluation.significance import bootstrap_interval
from vpr_ros.keyframes import NO_IMAGE
from vpr_ros.model import load_model, Model
from vpr_ros.pipeline import Described, PlaceRecognizer
from vpr_ros.settings import Settings
from vpr_ros.study.machine import measured_on
from vpr_ros.types import Description, FloatArray, Frame

METHODS = ('single image', 'SeqSLAM', 'ours')
_FRAME_NS = 100_000_000
_APART_NS = 10**15
_STOP_EVERY, _STOP_FRAMES = 25, 12
_SLOW, _FAST, _WAVE = 0.5, 2.0, 60  # speeds and period of the varying drive, in frames


def ways(count: int) -> dict[str, list[int]]:
    """Return the drives: name -> which image is seen at each frame.

    Args:
        count: images of the query drive.
    """
    varying, at, frame = [], 0.0, 0
    while at < count - 0.5:
        varying.append(min(round(at), count - 1))
        share = (1 - np.cos(2 * np.pi * frame / _WAVE)) / 2
        at, frame = at + _SLOW * (_FAST / _SLOW) ** share, frame + 1
    stops = [i for i in range(count)
             for _ in range(_STOP_FRAMES if i % _STOP_EVERY == _STOP_EVERY - 1 else 1)]
    return {'forward': list(range(count)), 'backward': list(range(count))[::-1],
            'varying speed': varying, 'stops': stops}


def measure_sequences(
    dataset: Dataset, cell: Mapping[str, Any], *, processes: int = 1
) -> dict[str, Any]:
    """Recall of each method on each way; see the module.

    Args:
        dataset: both parts in the order of their drives (by stamp).
        cell: ``model``, ``window_frames`` of SeqSLAM, ``window_m`` of ours.
        processes: how many measure at the same time, for the record.
    """
    model = load_model(cell['model'], provider='cpu', threads=1)
    # context off: all three methods then compare the very same descriptors
    settings = Settings(model=cell['model'], context_keyframes=0, keyframe_distance_m=0.01,
                        sequence_window_m=float(cell['window_m']), thumbnail_width_px=0,
                        recent_distance_m=0.0)
    order, asked = _in_order(dataset.database), _in_order(dataset.queries)
    places, frames = (_describe(model, [images[i] for i in rows]) for images, rows in (
        (dataset.database, order), (dataset.queries, asked)))
    recognizer = _recognizer(model, settings, dataset, order, places)
    similarities = _similarities(recognizer, places, frames)
    route = _travelled([dataset.queries[i] for i in asked])
    method = SeqSlam(frames=cell['window_frames'])
    table: dict[str, Any] = {}
    for way, seen in ways(len(asked)).items():
        positives = [frozenset(dataset.positives[asked[i]].tolist()) for i in seen]
        seq = search(1.0 - similarities[:, seen], method)
        found = {
            METHODS[0]: (similarities.argmax(axis=0)[seen], similarities.max(axis=0)[seen]),
            METHODS[1]: seq,
            METHODS[2]: _ours(recognizer, [frames[i] for i in seen], route[seen]),
        }
        table[way] = {name: _score(np.asarray(best), np.asarray(score), order, positives)
                      for name, (best, score) in found.items()}
    recognizer.place_map.close()
    return {'ways': table, 'places': len(order), 'queries': len(asked),
            'positions': dataset.queries[0].position_m is not None,
            'about': measured_on(model, processes=processes)}


def _in_order(images: Sequence[ImageRef]) -> list[int]:
    return sorted(range(len(images)), key=lambda i: images[i].stamp_ns)


def _describe(model: Model, images: Sequence[ImageRef]) -> list[FloatArray]:
    return [model.describe(read_image(image.path), patches=False).global_descriptor
            for image in images]


def _travelled(images: Sequence[ImageRef]) -> NDArray[np.float64]:
    if any(image.position_m is None for image in images):
        return np.arange(len(images), dtype=np.float64)
    steps = np.diff(np.asarray([image.position_m for image in images], np.float64), axis=0)
    return np.concatenate([[0.0], np.cumsum(np.hypot(*steps.T))])


def _recognizer(
    model: Model, settings: Settings, dataset: Dataset, order: Sequence[int],
    places: Sequence[FloatArray],
) -> PlaceRecognizer:
    """Make a recogniser whose map holds the database drive: place i + 1 is image ``order[i]``."""
    recognizer = open_recognizer(settings, mapping=True, model=model)
    for number, metres in enumerate(_travelled([dataset.database[i] for i in order])):
        recognizer.place_map.add(places[number], stamp_ns=(number + 1) * _FRAME_NS,
                                 travelled_m=float(metres))
    recognizer.mapping = False
    return recognizer


def _similarities(
    recognizer: PlaceRecognizer, places: Sequence[FloatArray], frames: Sequence[FloatArray]
) -> FloatArray:
    """As the map compares them, float32 (N, Q)."""
    ids = range(1, len(places) + 1)
    return np.stack([recognizer.place_map.similarities(row, ids) for row in frames], axis=1)


def _ours(
    recognizer: PlaceRecognizer, frames: Sequence[FloatArray], route: NDArray[np.float64]
) -> tuple[list[int], list[float]]:
    recognizer.reset()
    travelled = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(route)))])
    best, scores = [], []
    for number, (row, metres) in enumerate(zip(frames, travelled, strict=True)):
        frame = Frame(NO_IMAGE, _APART_NS + number * _FRAME_NS, travelled_m=float(metres))
        answer = recognizer.process(frame, Described(Description(row), 0.0))
        best.append(answer.best.place.place_id - 1 if answer.best else -1)
        scores.append(answer.probability)
    return best, scores


def _score(
    best: NDArray[np.int64], scores: NDArray[np.float32], order: Sequence[int],
    positives: Sequence[frozenset[int]],
) -> dict[str, Any]:
    curve, right = PrecisionRecall(), []
    for place, score, wanted in zip(best.tolist(), scores.tolist(), positives, strict=True):
        correct = place >= 0 and order[place] in wanted
        curve.update(score if place >= 0 else None, correct=correct, answerable=bool(wanted))
        if wanted:
            right.append(correct)
    return {'recall': float(np.mean(right)) if right else None,
            'interval_95': bootstrap_interval(right),
            'recall_at_100_precision': curve.compute()['recall_at_100_precision'],
            'average_precision': curve.compute()['average_precision']}
