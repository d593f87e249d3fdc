# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The whole pipeline on a small drive: laps past the same coloured places, and every reason."""

from __future__ import annotations

import dataclasses
import json

from helpers import place_image, tiny_model
import numpy as np
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.decision.calibration import GENERIC
from vpr_ros.errors import ConfigError, ImageError, MapError
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Reason

LAP = 20  # places, 2 m and 2 s apart
SETTINGS = {
    'min_probability': 0.5, 'recent_distance_m': 10.0, 'recent_time_s': 10.0,
    'neighbourhood_m': 3.0, 'neighbourhood_s': 3.0, 'sequence_window_m': 10.0,
    'sequence_window_s': 10.0, 'thumbnail_width_px': 32,
}


@pytest.fixture
def make(tmp_path):
    """Make a recogniser with the tiny model and settings of its own."""
    opened = []

    def _make(*, path='', mapping=True, **overrides):
        model = tiny_model(tmp_path)
        settings = Settings(model=str(model), threads=1, **{**SETTINGS, **overrides})
        opened.append(open_recognizer(settings, map_path=path, mapping=mapping))
        return opened[-1]

    yield _make
    for recognizer in opened:
        recognizer.place_map.close()


def _frame(step, *, odometry=True, place=None):
    """Frame ``step`` of an endless drive around the lap, 2 m and 2 s per step."""
    travelled_m = 2.0 * step if odometry else None
    image = place_image(step % LAP if place is None else place)
    return Frame(image, (step + 1) * 2_000_000_000, 'camera', travelled_m=travelled_m)


@pytest.mark.parametrize('odometry', [True, False])
def test_the_second_lap_closes_loops_with_the_first(make, odometry):
    recognizer = make()
    first = [recognizer.process(_frame(i, odometry=odometry)) for i in range(LAP)]
    assert first[0].reason is Reason.NO_MAP
    assert not any(r.accepted for r in first)
    assert [r.place_id for r in first] == list(range(1, LAP + 1))
    second = [recognizer.process(_frame(LAP + i, odometry=odometry)) for i in range(LAP)]
    accepted = [r for r in second if r.accepted]
    assert len(accepted) >= 0.8 * LAP
    for recognition in accepted:
        query = recognition.stamp_ns // 2_000_000_000 - 1
        assert recognition.best.place.stamp_ns == (query - LAP + 1) * 2_000_000_000
        assert recognition.best.similarity > 0.9
    settled = second[5:]  # the frames before were on the second lap, too
    assert all(r.best.line_similarity > 0.9 for r in settled)
    assert all(r.best.by_distance is odometry for r in settled)


def test_a_line_that_was_not_driven_before_is_unlike(make):
    recognizer = make(min_sequence_support=0.0)
    for i in range(LAP):
        recognizer.process(_frame(i))
    backwards = [recognizer.process(_frame(LAP + i, place=(7 * i) % LAP)) for i in range(6)]
    assert backwards[-1].best.similarity > 0.9
    assert backwards[-1].best.line_similarity < 0.6


def test_the_line_is_evidence_for_the_probability_alone(make, tmp_path):
    raw = GENERIC.to_json()
    body = dict(raw['models']['global'])
    for name in ('weights', 'typical', 'neutral'):
        body[name] = [*body[name], {'weights': 1e-9}.get(name, 0.5)]
    raw['models']['global_distance'] = {
        **body, 'features': [*body['features'], 'line'], 'intercept': -50.0}
    (tmp_path / 'lined.json').write_text(json.dumps(raw))
    plain, lined = make(), make(calibration=str(tmp_path / 'lined.json'))
    for i in range(2 * LAP):
        ours, theirs = lined.process(_frame(i)), plain.process(_frame(i))
        assert [m.place.stamp_ns for m in ours.matches[:1]] == [
            m.place.stamp_ns for m in theirs.matches[:1]]
        assert ours.probability < 1e-6 and not ours.accepted
    assert theirs.accepted
    single = lined.recognize(place_image(3))
    assert single.best.line_similarity is None
    assert single.probability == GENERIC.probability(single.best) > 0.5


def test_the_third_lap_is_not_ambiguous_because_the_second_was_recognised(make):
    recognizer = make()
    for i in range(2 * LAP):
        recognizer.process(_frame(i))
    third = [recognizer.process(_frame(2 * LAP + i)) for i in range(LAP)][5:]
    assert all(r.accepted for r in third)
    assert min(r.best.margin for r in third) > 0.2


def test_links_between_laps_survive_in_the_map(make, tmp_path):
    path = tmp_path / 'site.vprmap'
    recognizer = make(path=path)
    for i in range(2 * LAP):
        recognizer.process(_frame(i))
    recognizer.place_map.close()
    reader = make(path=path, mapping=False)
    later = [reader.process(_frame(500 + i, place=i)) for i in range(LAP)]
    assert all(r.accepted for r in later[4:])
    assert all(r.place_id == 0 for r in later)
    assert len(reader.place_map) == 2 * LAP


def test_a_place_never_seen_is_rejected_with_a_reason(make):
    recognizer = make()
    for i in range(LAP):
        recognizer.process(_frame(i))
    strange = recognizer.process(_frame(LAP, place=999))
    assert not strange.accepted
    assert strange.reason in (Reason.LOW_SIMILARITY, Reason.AMBIGUOUS, Reason.LOW_PROBABILITY)
    assert 0.0 <= strange.probability < 0.5


def test_recent_places_are_no_revisits(make):
    recognizer = make()
    recognizer.process(_frame(0, place=1))
    assert recognizer.process(_frame(1, place=1)).reason is Reason.TOO_RECENT


def test_a_jump_is_not_supported_by_the_sequence(make):
    recognizer = make()
    for i in range(LAP):
        recognizer.process(_frame(i))
    for number, place in enumerate([3, 11, 6, 17, 1, 14]):
        jumped = recognizer.process(_frame(LAP + number, place=place))
    assert jumped.best.place.place_id == 15
    assert jumped.best.sequence_support <= 1
    assert jumped.reason is Reason.NO_SEQUENCE_SUPPORT


def test_gates_are_reported_in_order(make):
    recognizer = make()
    for i in range(2 * LAP - 1):
        recognizer.process(_frame(i))
    for gates, reason in (
        ({'min_similarity': 1.0}, Reason.LOW_SIMILARITY),
        ({'min_margin': 2.0}, Reason.AMBIGUOUS),
        ({'min_probability': 1.0}, None),
    ):
        recognizer.configure(Settings(**{**SETTINGS, **gates}))
        image = np.clip(place_image(7).astype(int) + 3, 0, 255).astype(np.uint8)
        found = recognizer.recognize(image)
        assert not found.accepted
        assert reason is None or found.reason is reason


def test_a_blank_image_is_named_and_not_added(make):
    recognizer = make()
    recognizer.process(_frame(0))
    blank = Frame(np.full((96, 128, 3), 3, np.uint8), 9_000_000_000, travelled_m=9.0)
    recognition = recognizer.process(blank)
    assert recognition.reason is Reason.BLANK_IMAGE
    assert recognition.place_id == 0
    assert recognition.matches == ()


def test_recognize_ranks_and_changes_nothing(make):
    recognizer = make()
    assert recognizer.recognize(place_image(3)).reason is Reason.NO_MAP
    for i in range(LAP):
        recognizer.process(_frame(i))
    revision = recognizer.place_map.revision
    found = recognizer.recognize(place_image(3), max_matches=7)
    assert recognizer.place_map.revision == revision
    assert len(found.matches) == 7
    assert found.best.place.place_id == 4
    similarities = [m.similarity for m in found.matches]
    assert similarities == sorted(similarities, reverse=True)


def test_offline_twice_gives_the_same_answers(make):
    runs = []
    for _ in range(2):
        recognizer = make()
        runs.append([recognizer.process(_frame(i)) for i in range(2 * LAP)])
    for a, b in zip(*runs, strict=True):
        assert (a.reason, a.probability, a.matches) == (b.reason, b.probability, b.matches)


def test_reset_forgets_the_frames_and_begins_a_session(make):
    recognizer = make()
    for i in range(LAP):
        recognizer.process(_frame(i))
    recognizer.reset()
    again = [recognizer.process(_frame(i)) for i in range(LAP)]  # stamps begin anew
    assert len(recognizer.place_map.sessions()) == 2
    assert sum(r.accepted for r in again) >= 0.8 * LAP  # the first session is no longer recent


@pytest.mark.parametrize('pause_s', [59, 61])
def test_after_a_pause_a_frame_is_judged_as_the_first_one(make, tmp_path, pause_s):
    before, path = make(context_keyframes=5), tmp_path / 'day.vprmap'
    for i in range(LAP):
        before.process(_frame(i))
    before.place_map.save_as(path)
    later = [dataclasses.replace(frame, stamp_ns=frame.stamp_ns + (pause_s - 2) * 10**9)
             for frame in map(_frame, range(LAP, LAP + 8))]
    going_on = [before.process(frame) for frame in later]
    woken = make(path=path, context_keyframes=5)
    afresh = [woken.process(frame) for frame in later]
    told = [[(best.place.place_id, best.similarity, best.sequence_support, best.sequence_frames)
             for best in (recognition.best for recognition in answers)]
            for answers in (going_on, afresh)]
    assert (told[0] == told[1]) == (pause_s > 60)


def test_latency_names_every_stage(make):
    recognizer = make()
    recognizer.process(_frame(0))
    latency = recognizer.process(_frame(1)).latency_ms
    assert set(latency) == {'describe', 'search', 'decide', 'map', 'total'}
    parts = sum(v for k, v in latency.items() if k != 'total')
    assert latency['total'] == pytest.approx(parts)


def test_a_wrong_image_changes_nothing(make):
    recognizer = make()
    recognizer.process(_frame(0))
    with pytest.raises(ImageError):
        recognizer.process(Frame(np.zeros((4, 4), np.uint8), 5))
    assert len(recognizer.place_map) == 1


def test_localization_needs_a_map(make, tmp_path):
    with pytest.raises(MapError, match='localization needs a map'):
        make(mapping=False)
    with pytest.raises(MapError):
        make(path=tmp_path / 'missing.vprmap', mapping=False)


def test_a_calibration_file_is_used(make, tmp_path):
    path = tmp_path / 'calibration.json'
    path.write_text(json.dumps(GENERIC.to_json()))
    assert make(calibration=str(path)).calibration.models == GENERIC.models
    with pytest.raises(ConfigError):
        make(calibration=str(tmp_path / 'none.json'))
