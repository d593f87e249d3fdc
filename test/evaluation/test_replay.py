# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive of two laps through the real pipeline, with a real model and map."""

from __future__ import annotations

import json

from evaluation.scenes import PLACES, S, two_laps
import numpy as np
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.evaluation.ground_truth_files import ground_truth_of_poses
from vpr_ros.evaluation.journal import Journal
from vpr_ros.evaluation.replay import replay, run
from vpr_ros.evaluation.scoring import score
from vpr_ros.settings import Settings
from vpr_ros.types import Frame

SETTINGS = Settings(recent_distance_m=10.0, recent_time_s=5.0, min_probability=0.5,
                    sequence_window_m=10.0)


def truth(frames):
    return ground_truth_of_poses([(f.stamp_ns, f.pose) for f in frames], radius_m=2.5)


def test_the_second_lap_is_recognised(model) -> None:
    frames, calls = two_laps(), []
    recognizer = open_recognizer(SETTINGS, model=model)
    result = replay(frames, recognizer, truth(frames), bag='two_laps', total=len(frames),
                    progress=lambda *call: calls.append(call))
    figures = json.loads(json.dumps(result.to_json(), allow_nan=False))
    closures = figures['loop_closures']
    assert (figures['format'], figures['kind'], figures['bag']) == (1, 'replay', 'two_laps')
    assert figures['frames'] == figures['keyframes'] == 2 * PLACES
    assert figures['queries'] == closures['true'] + closures['missed']
    assert closures['precision'] == 1.0
    assert closures['recall'] >= 0.8
    assert sum(figures['reasons'].values()) == 2 * PLACES
    assert {'p50', 'p99'} <= set(figures['latency_ms']['total'])
    assert calls[-1] == (2 * PLACES, 2 * PLACES, 'replaying')
    assert len(result.journal.pictures) == 2 * PLACES
    assert all(jpeg[:2] == b'\xff\xd8' for jpeg in result.journal.pictures.values())


def test_scoring_collected_recognitions_gives_the_same(model) -> None:
    frames = two_laps()
    whole = replay(frames, open_recognizer(SETTINGS, model=model), truth(frames)).to_json()
    recognitions = list(run(frames, open_recognizer(SETTINGS, model=model)))
    apart = score(recognitions, truth(frames), SETTINGS).to_json()
    for key in ('queries', 'loop_closures', 'reasons', 'results', 'samples'):
        assert apart[key] == whole[key]


def test_a_journal_can_be_kept_of_a_drive_that_ran_elsewhere() -> None:
    journal, frames = Journal(), two_laps()
    journal.see_frames(frames, [3 * S])
    assert list(journal.pictures) == [3 * S]
    assert len(journal.stamps_ns) == len(journal.positions_m) == 2 * PLACES


def test_in_an_earlier_map_every_frame_is_a_query_and_its_pictures_are_shown(
    model, tmp_path
) -> None:
    frames, path = two_laps(), tmp_path / 'site.vprmap'
    builder = open_recognizer(SETTINGS, map_path=path, model=model)
    with builder.place_map:
        list(run(frames[:PLACES], builder))
    reader = open_recognizer(SETTINGS, map_path=path, mapping=False, model=model)
    with reader.place_map:
        result = replay(frames[PLACES:], reader, truth(frames))
    figures = result.to_json()
    assert figures['queries'] == figures['keyframes'] == PLACES
    assert figures['loop_closures']['false'] == 0
    assert figures['loop_closures']['recall'] >= 0.8
    matched = result.verdicts[-1].recognition.best
    assert matched is not None
    assert result.journal.pictures[matched.place.stamp_ns][:2] == b'\xff\xd8'


def test_without_pictures_the_answers_are_the_same(model) -> None:
    frames = two_laps()
    seen, unseen = (replay(frames, open_recognizer(SETTINGS, model=model), truth(frames),
                           pictures=pictures) for pictures in (True, False))
    assert seen.journal.pictures and not unseen.journal.pictures
    assert unseen.to_json()['results'] == seen.to_json()['results']


def test_a_bag_that_loops_begins_a_new_session(model) -> None:
    frames = two_laps(poses=False)[:PLACES]
    recognizer = open_recognizer(SETTINGS, model=model)
    recognitions = list(run([*frames, *frames], recognizer))
    assert len(recognizer.place_map.sessions()) == 2
    assert recognitions[PLACES].best is not None  # the first lap is not recent any more
    assert recognitions[PLACES].best.place.stamp_ns == frames[0].stamp_ns


@pytest.mark.parametrize('frames', [[], two_laps()[:1]])
def test_a_drive_of_next_to_nothing(model, frames) -> None:
    figures = replay(frames, open_recognizer(SETTINGS, model=model), None).to_json()
    assert figures['frames'] == len(frames)
    assert figures['loop_closures']['true'] == 0


def test_describing_ahead_changes_no_answer(model) -> None:
    frames = two_laps()
    frames[5] = Frame(np.zeros_like(frames[5].image), frames[5].stamp_ns)  # nothing to see
    truth = ground_truth_of_poses([(f.stamp_ns, f.pose) for f in frames if f.pose], radius_m=2.5)
    results = [replay(frames, open_recognizer(SETTINGS, model=model), truth, jobs=jobs).to_json()
               for jobs in (1, 3)]
    differing = {name for name in results[0] if results[0][name] != results[1][name]}
    assert differing <= {'latency_ms', 'latency_histograms', 'throughput'}
    assert results[1]['throughput']['jobs'] == 3
    assert results[1]['all_frames']['reasons']['BLANK_IMAGE'] == 1
    assert {'describe', 'search', 'total'} <= set(results[1]['latency_ms'])
