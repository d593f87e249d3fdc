# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Replay a drive through the pipeline and score its loop closures.

:func:`run` and :func:`vpr_ros.evaluation.scoring.score` are apart, so that recognitions that come
from the running node are scored in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
import dataclasses
import time
from typing import Any

from vpr_ros.cameras.camera_set import query_frame
from vpr_ros.evaluation.about import about
from vpr_ros.evaluation.ground_truth import GroundTruth
from vpr_ros.evaluation.journal import Journal, MOST_PICTURES
from vpr_ros.evaluation.latency import LatencyQuantiles
from vpr_ros.evaluation.replay_result import ReplayResult
from vpr_ros.evaluation.scoring import score
from vpr_ros.evaluation.similarity_matrix import matrix_of_map
from vpr_ros.in_order import in_order
from vpr_ros.pipeline import Described, PlaceRecognizer
from vpr_ros.types import Frame, Recognition

Progress = Callable[[int, int, str], None]
_MEASURED: Mapping[str, float] = {}  # latencies are counted, not kept


def run(
    frames: Iterable[Frame | Sequence[Frame]],
    recognizer: PlaceRecognizer,
    *,
    journal: Journal | None = None,
    progress: Progress | None = None,
    total: int = 0,
    jobs: int = 1,
) -> Iterator[Recognition]:
    """Process frames as the node does, in order, one recognition each.

    Time that jumps back begins a new session, as in the node.

    Args:
        frames: of the drive; with several cameras those of each moment, the leading one first.
        recognizer: its map grows when it is mapping.
        journal: notes every frame; pictures of keyframes (of all frames when not mapping).
        progress: called with (frames done, ``total``, stage).
        total: number of frames, for the progress.
        jobs: how many frames are described at once; the answers are the same.
    """
    before_ns = None
    moments = ([frame] if isinstance(frame, Frame) else frame for frame in frames)

    def work(views: Sequence[Frame]) -> tuple[Sequence[Frame], list[Described]]:
        return views, [recognizer.describe(view.image) for view in views]

    pairs: Iterable[tuple[Sequence[Frame], Sequence[Described]]]
    pairs = in_order(moments, work, jobs) if jobs > 1 else ((views, ()) for views in moments)
    for done, (views, described) in enumerate(pairs):
        if before_ns is not None and views[0].stamp_ns < before_ns:
            recognizer.reset()
        before_ns = views[0].stamp_ns
        recognition = recognizer.process_views(views, described)
        frame = query_frame(views, recognition.frame_id)
        if journal is not None:
            keyframe = recognition.place_id != 0 or not recognizer.mapping
            journal.see(frame, picture=keyframe or recognition.accepted)
        if progress is not None:
            progress(done + 1, max(total, done + 1), 'replaying')
        yield recognition


def replay(
    frames: Iterable[Frame | Sequence[Frame]],
    recognizer: PlaceRecognizer,
    ground_truth: GroundTruth | None,
    *,
    bag: str = '',
    progress: Progress | None = None,
    total: int = 0,
    jobs: int = 1,
    pictures: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> ReplayResult:
    """Replay a drive and score it.

    Args:
        frames: see :func:`run`.
        recognizer: see :func:`run`; its map may already hold places.
        ground_truth: None gives decisions and latencies without right and wrong.
        bag: name of the drive, for reports.
        progress, total, jobs: see :func:`run`.
        pictures: keep small ones for a report.
        clock: seconds, monotonic; for the throughput.
    """
    known = recognizer.place_map.places()
    journal = Journal(most_pictures=MOST_PICTURES if pictures else 0)
    latency, recognitions = LatencyQuantiles(), []
    start = clock()
    for recognition in run(frames, recognizer, journal=journal, progress=progress, total=total,
                           jobs=jobs):
        latency.update(recognition.latency_ms)
        # only the best match is scored; two hours at 30 Hz would hold gigabytes of the rest
        recognitions.append(dataclasses.replace(
            recognition, matches=recognition.matches[:1], latency_ms=_MEASURED))
    throughput = _throughput(journal.stamps_ns, clock() - start, jobs)
    matched = {m.place.place_id for r in recognitions for m in r.matches}
    journal.see_map(recognizer.place_map, [p.place_id for p in known if p.place_id in matched])
    if ground_truth is not None and ground_truth.needs_frames:
        ground_truth.bind_frames(journal.stamps_ns)
    return score(
        recognitions, ground_truth, recognizer.settings, known_places=known, journal=journal,
        about=about(recognizer.model), bag=bag, latency=latency, throughput=throughput,
        calibration_source=recognizer.calibration.source,
        matrix=matrix_of_map(
            recognizer.place_map, [r.place_id for r in recognitions if r.place_id]),
    )


def _throughput(stamps_ns: Sequence[int], wall_s: float, jobs: int) -> dict[str, Any] | None:
    """How fast a drive was replayed; None when there was no time to measure."""
    if not stamps_ns or wall_s <= 0:
        return None
    recorded_s = (max(stamps_ns) - min(stamps_ns)) * 1e-9
    return {
        'frames': len(stamps_ns), 'recorded_s': round(recorded_s, 3),
        'wall_s': round(wall_s, 3), 'frames_per_s': round(len(stamps_ns) / wall_s, 2),
        'times_real_time': round(recorded_s / wall_s, 3), 'jobs': jobs,
    }
