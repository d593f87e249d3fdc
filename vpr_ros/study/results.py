# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The results page's figures: every model on data sets and drives, each cell kept.

A data set is asked query by query (``vpr evaluate``); a drive is replayed through the pipeline
with its sequences and without (``vpr replay``). A folder that holds ``laps.csv`` is both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from vpr_ros.assembly import open_recognizer
from vpr_ros.building import count_frames, frames_of, IMAGE_FOLDER_RATE_HZ
from vpr_ros.demo import GROUND_TRUTH_TOPIC, PAUSE_NS, RADIUS_M, render_demo_bag
from vpr_ros.evaluation.about import about
from vpr_ros.evaluation.csv_datasets import sequence_folder
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.evaluate import evaluate
from vpr_ros.evaluation.ground_truth import GroundTruth
from vpr_ros.evaluation.ground_truth_files import load_ground_truth
from vpr_ros.evaluation.ground_truth_of_bag import ground_truth_of_bag
from vpr_ros.evaluation.replay_result import ReplayResult
from vpr_ros.evaluation.scoring import score
from vpr_ros.evaluation.significance import bootstrap_interval
from vpr_ros.model import load_model, Model
from vpr_ros.pipeline import Described
from vpr_ros.settings import Settings
from vpr_ros.study.cells import CellStore
from vpr_ros.study.grid import fingerprint
from vpr_ros.types import Frame

LAPS = 'laps.csv'
RATE_HZ = 5.0  # of rendered drives: a frame a metre, as the keyframes
HEADING_DEG = 45.0
CAMERAS = ('cameras', 'camera_sync_s', 'rectify', 'mask', 'stereo')  # drives here have one, as is

Progress = Callable[[int, int, str], None]
Cell = dict[str, Any]


@dataclass(frozen=True)
class Drive:
    """A drive to replay.

    Attributes:
        name: for the page.
        source: a bag or a folder of images.
        truth: a file of ground truth, or None for the bag's own topic.
        mark: what the drive is, for the cells.
        rate_hz: of the images of a folder; a bag has stamps of its own.
    """

    name: str
    source: Path
    truth: Path | None
    mark: str
    rate_hz: float = IMAGE_FOLDER_RATE_HZ

    def ground_truth(self) -> GroundTruth | None:
        """Ready to compare stamps, or still to be bound to the frames."""
        if self.truth is not None:
            return load_ground_truth(self.truth)
        return ground_truth_of_bag(self.source, GROUND_TRUTH_TOPIC, radius_m=RADIUS_M,
                                   heading_deg=HEADING_DEG)


def measure_dataset(
    path: Path, model: Model, settings: Settings, store: CellStore,
    progress: Progress | None = None,
) -> Cell:
    """Measure a model on a data set, or look it up; see :func:`vpr_ros.evaluation.evaluate`."""
    dataset = load_dataset(path)
    question = {'study': 'dataset', 'dataset': dataset.name, 'data': fingerprint(dataset),
                **_asked(model, settings)}
    answer = store.read(question)
    if answer is None:
        result = evaluate(dataset, model, settings, progress=progress)
        figures = result.to_json()
        answer = {key: figures[key] for key in (
            'queries', 'database', 'recall', 'recall_interval_95', 'latency_ms', 'about')}
        curve = figures['precision_recall']
        answer |= {key: curve[key] for key in ('recall_at_100_precision', 'average_precision')}
        answer['right'] = [int(row['correct']) for row in figures['results']]
        store.write(question, answer)
    return {**question, **answer}


def measure_drive(
    drive: Drive, model: Model, settings: Settings, store: CellStore,
    progress: Progress | None = None,
) -> list[Cell]:
    """Measure a model on a drive, with the frames before (sequences) and without: two cells.

    Both come from one description of the frames.
    """
    without = settings.replace(sequence_window_m=0.0, sequence_window_s=0.0,
                               min_sequence_support=0.0)
    ways = {'without': without, 'with': settings}
    questions = {way: {'study': 'drive', 'drive': drive.name, 'data': drive.mark,
                       'sequences': way, **_asked(model, chosen)}
                 for way, chosen in ways.items()}
    answers = {way: store.read(question) for way, question in questions.items()}
    if any(answer is None for answer in answers.values()):
        results = replay_ways(drive, model, list(ways.values()), progress)
        for way, result in zip(ways, results, strict=True):
            answers[way] = _drive_figures(result)
            store.write(questions[way], answers[way] or {})
    return [{**questions[way], **(answers[way] or {})} for way in ways]


def replay_ways(
    drive: Drive, model: Model, ways: Sequence[Settings], progress: Progress | None = None
) -> list[ReplayResult]:
    """Replay a drive once per setting, each frame described once."""
    recognizers = [open_recognizer(settings, model=model) for settings in ways]
    found: list[list[Any]] = [[] for _ in ways]
    total, before_ns = count_frames(drive.source), None
    for done, (frame, described) in enumerate(_described(drive, recognizers[0])):
        if before_ns is not None and frame.stamp_ns < before_ns:
            for recognizer in recognizers:
                recognizer.reset()
        before_ns = frame.stamp_ns
        for recognizer, recognitions in zip(recognizers, found, strict=True):
            recognitions.append(recognizer.process(frame, described))
        if progress is not None:
            progress(done + 1, total, f'{model.card.name} on {drive.name}')
    results = []
    for recognizer, recognitions in zip(recognizers, found, strict=True):
        truth = drive.ground_truth()
        if truth is not None and truth.needs_frames:
            truth.bind_frames([r.stamp_ns for r in recognitions])
        results.append(score(recognitions, truth, recognizer.settings, about=about(model),
                             bag=drive.name, calibration_source=recognizer.calibration.source))
        recognizer.place_map.close()
    return results


def _described(drive: Drive, recognizer: Any) -> Iterator[tuple[Frame, Described]]:
    for frame in frames_of(drive.source, rate_hz=drive.rate_hz):
        yield frame, recognizer.describe(frame.image)


def drive_of_folder(path: Path, rate_hz: float = IMAGE_FOLDER_RATE_HZ) -> Drive | None:
    """Open the drive that a data set with ``laps.csv`` is, or None.

    Args:
        path: of the data set.
        rate_hz: at which its images were taken: sequences are looked for in seconds.
    """
    truth, images = path / LAPS, sequence_folder(path)
    if not truth.is_file() or images is None:
        return None
    digest = hashlib.sha256(truth.read_bytes())
    digest.update(str(sorted(p.name for p in images.iterdir())).encode())
    return Drive(path.name, images, truth, f'{digest.hexdigest()[:12]} {rate_hz:g} Hz', rate_hz)


def rendered_drive(
    second: str, seed: int, folder: Path, progress: Progress | None = None
) -> Drive:
    """Two laps through a rendered town, rendered unless that is done.

    Args:
        second: light and weather of the second lap, see :data:`vpr_ros.demo.SECOND`.
        seed: of the town; trained models must not have seen it.
        folder: where bags are kept.
        progress: called with (frames done, of so many, stage).
    """
    mark = f'{second} seed {seed} {RATE_HZ:g} Hz, {PAUSE_NS * 1e-9:g} s between the laps'
    bag = folder / f'drive_{second}_{seed}'
    complete = bag.with_suffix('.complete')
    if not complete.is_file() or complete.read_text(encoding='utf-8') != mark:
        complete.unlink(missing_ok=True)
        render_demo_bag(bag, seed=seed, rate_hz=RATE_HZ, second=second, progress=progress)
        complete.write_text(mark, encoding='utf-8')
    return Drive(f'rendered, {second}', bag, None, mark)


def open_models(names: Sequence[str]) -> list[Model]:
    """Open the models to compare, on the CPU."""
    return [load_model(name, provider='cpu') for name in names]


def _asked(model: Model, settings: Settings) -> dict[str, Any]:
    """Return what a cell depends on beside its data."""
    return {'model': model.card.name, 'sha256': model.card.sha256, 'rerank': settings.rerank,
            'calibration': _digest(model.card.calibration),
            'settings': {k: v for k, v in settings.as_dict().items()
                         if k not in ('model', 'rerank', *CAMERAS)}}


def _digest(value: Mapping[str, Any] | None) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:12] if value else ''


def _drive_figures(result: ReplayResult) -> Cell:
    figures = result.to_json()
    revisits = [row for row in figures['results'] if row['revisit']]
    threshold = (figures['precision_recall'] or {}).get('threshold_at_100_precision')
    sure = [bool(row['correct']) and threshold is not None and row['probability'] >= threshold
            for row in revisits]
    return {
        'revisits': len(revisits), 'loop_closures': figures['loop_closures'],
        'recall_at_100_precision': figures['recall_at_100_precision'],
        'recall_at_100_precision_interval_95': bootstrap_interval(sure),
        'right': [int(row['kind'] == 'true') for row in revisits],
        'recall_interval_95': bootstrap_interval(
            np.asarray([row['kind'] == 'true' for row in revisits], bool)),
        'ece': figures['calibration'].get('ece'), 'latency_ms': figures['latency_ms'],
        'about': figures['about'],
    }
