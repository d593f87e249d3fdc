# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The probability rises with the evidence, the blame is right, the file says what is wrong."""

from __future__ import annotations

from dataclasses import replace
import json
import math
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
import pytest

from vpr_ros.decision.calibration import (
    Calibration,
    from_json,
    GENERIC,
    load_calibration,
    LogisticModel,
)
from vpr_ros.decision.features import (
    FEATURES,
    features_of,
    GLOBAL_FEATURES,
    SPATIAL_FEATURES,
)
from vpr_ros.errors import ConfigError
from vpr_ros.types import Match, Place, Reason, SpatialEvidence

PLACE = Place(place_id=1, session_id=1, stamp_ns=0)
STRONG = Match(PLACE, 0.9, 0.4, sequence_support=8, sequence_frames=8)
# Round numbers of our own, so that the shipped ones may change.
KNOWN = Calibration({
    'global': LogisticModel(
        GLOBAL_FEATURES, (8.0, 12.0, 4.0), -9.0, (0.75, 0.2, 0.9), (0.5, 0.1, 0.5)),
    'spatial': LogisticModel(
        SPATIAL_FEATURES, (5.0, 6.0, 4.0, 10.0, 2.0), -10.0,
        (0.75, 0.2, 0.9, 0.5, 0.4), (0.5, 0.1, 0.5, 0.3, 0.2)),
}, 'known')
# The same evidence, weighed by models that know the line.
LINED = Calibration({
    **KNOWN.models,
    'global_distance': LogisticModel(
        FEATURES['global_distance'], (4.0, 6.0, 3.0, 9.0), -8.0, (0.75, 0.2, 0.9, 0.7),
        (0.5, 0.1, 0.5, 0.4)),
    'global_time': LogisticModel(
        FEATURES['global_time'], (4.0, 6.0, 2.0, 9.0), -9.0, (0.75, 0.2, 1.8, 0.7),
        (0.5, 0.1, 1.0, 0.4)),
    'spatial_time': LogisticModel(
        FEATURES['spatial_time'], (3.0, 4.0, 2.0, 7.0, 6.0, 1.0), -9.0,
        (0.75, 0.2, 1.8, 0.7, 0.5, 0.4), (0.5, 0.1, 1.0, 0.4, 0.3, 0.2)),
}, 'with the line')
CHECKED = replace(STRONG, spatial=SpatialEvidence(0.7, matches=100, inliers=60))


def test_features_of_an_unmeasured_match_are_none() -> None:
    features = features_of(Match(PLACE, 0.5))
    assert features == {'similarity': 0.5, 'margin': None, 'sequence': None, 'sequence_run': 0.0,
                        'line': None, 'spatial_score': None, 'inlier_ratio': None}


def test_features_of_a_full_match() -> None:
    features = features_of(CHECKED)
    assert features['margin'] == pytest.approx(0.5)
    assert features['sequence'] == pytest.approx(8.5 / 9)
    assert features['sequence_run'] == pytest.approx(8.5 / 9 * math.log(9))
    assert features['spatial_score'] == 0.7
    assert features['inlier_ratio'] == pytest.approx(0.6)


def test_probability_is_the_logistic_function_written_out() -> None:
    odds = -9 + 8 * 0.9 + 12 * 0.5 + 4 * 8.5 / 9
    assert KNOWN.probability(STRONG) == pytest.approx(1 / (1 + math.exp(-odds)))


def test_what_was_not_measured_counts_as_neutral() -> None:
    odds = -9 + 8 * 0.9 + 12 * 0.1 + 4 * 0.5
    assert KNOWN.probability(Match(PLACE, 0.9)) == pytest.approx(1 / (1 + math.exp(-odds)))


@settings(deadline=None)
@given(
    similarity=st.floats(-1, 1), outside=st.floats(-0.99, 1), more=st.floats(0, 1),
    support=st.integers(0, 20), frames=st.integers(0, 20), score=st.floats(0, 1),
    inliers=st.integers(-1, 50), line=st.none() | st.floats(-1, 1), by_distance=st.booleans(),
    which=st.sampled_from(['similarity', 'sequence', 'score', 'line']), checked=st.booleans(),
)
def test_more_evidence_never_lowers_the_probability(
    similarity, outside, more, support, frames, score, inliers, line, by_distance, which, checked
) -> None:
    frames = max(frames, support)
    spatial = SpatialEvidence(score, 50, inliers) if checked else None
    match = Match(PLACE, similarity, outside, spatial, support, frames, line, by_distance)
    if which == 'similarity':
        better = replace(match, similarity=similarity + more)
    elif which == 'sequence':
        better = replace(match, sequence_support=support + (frames > support))
    elif which == 'line':
        better = replace(match, line_similarity=None if line is None else line + more)
    else:
        better = replace(match, spatial=spatial and replace(spatial, score=score + more))
    for calibration in (KNOWN, LINED, GENERIC):
        before, after = calibration.probability(match), calibration.probability(better)
        assert 0.0 <= before <= after <= 1.0


@pytest.mark.parametrize(('match', 'reason'), [
    # looks different, but nothing else looks more alike
    (replace(STRONG, similarity=0.1, outside_similarity=-0.4), Reason.LOW_SIMILARITY),
    # another place looks better
    (replace(STRONG, outside_similarity=1.0), Reason.AMBIGUOUS),
    # the frames before lead elsewhere
    (replace(STRONG, sequence_support=0), Reason.NO_SEQUENCE_SUPPORT),
    # the patches do not agree
    (replace(CHECKED, spatial=SpatialEvidence(0.0, 10, 0)), Reason.SPATIALLY_INCONSISTENT),
    # what was not measured is not to blame
    (Match(PLACE, 0.1), Reason.LOW_SIMILARITY),
    # nothing falls short
    (STRONG, Reason.LOW_PROBABILITY),
    # two kinds of evidence fall short alike: 8 * 0.15 = 12 * 0.1, and the sequence half as much
    (Match(PLACE, 0.6, 0.5, sequence_support=5, sequence_frames=8), Reason.LOW_PROBABILITY),
])
def test_blame(match: Match, reason: Reason) -> None:
    assert KNOWN.blame(match) is reason


def test_a_calibration_without_spatial_model_uses_the_global_one() -> None:
    lean = Calibration({'global': GENERIC.models['global']})
    assert lean.probability(CHECKED) == lean.probability(STRONG)


@pytest.mark.parametrize(('changes', 'kind'), [
    ({}, 'global'),
    ({'line_similarity': 0.6}, 'global_distance'),
    ({'line_similarity': 0.6, 'by_distance': False}, 'global_time'),
    ({'by_distance': False}, 'global'),
    ({'spatial': CHECKED.spatial}, 'spatial'),
    ({'spatial': CHECKED.spatial, 'line_similarity': 0.6}, 'spatial'),  # has no model with it
    ({'spatial': CHECKED.spatial, 'line_similarity': 0.6, 'by_distance': False}, 'spatial_time'),
])
def test_each_match_has_the_model_that_weighs_its_evidence(changes, kind: str) -> None:
    match = replace(STRONG, **changes)
    assert LINED.model_for(match) is LINED.models[kind]
    older = 'spatial' if 'spatial' in changes else 'global'
    assert KNOWN.model_for(match) is KNOWN.models[older]


def test_probability_with_the_line_written_out() -> None:
    match = replace(STRONG, line_similarity=0.6)
    odds = -8 + 4 * 0.9 + 6 * 0.5 + 3 * 8.5 / 9 + 9 * 0.6
    assert LINED.probability(match) == pytest.approx(1 / (1 + math.exp(-odds)))
    odds = -9 + 4 * 0.9 + 6 * 0.5 + 2 * 8.5 / 9 * math.log(9) + 9 * 0.6
    assert LINED.probability(replace(match, by_distance=False)) == pytest.approx(
        1 / (1 + math.exp(-odds)))


def test_the_line_does_not_change_the_order() -> None:
    match = replace(STRONG, line_similarity=-0.2)
    assert LINED.probability(match) < KNOWN.probability(match)
    assert LINED.strength(match) == KNOWN.probability(match)


def test_a_line_unlike_the_frames_before_is_blamed_on_the_sequence() -> None:
    match = replace(STRONG, line_similarity=0.1)
    assert LINED.blame(match) is Reason.NO_SEQUENCE_SUPPORT
    assert KNOWN.blame(match) is Reason.LOW_PROBABILITY


@pytest.mark.parametrize('calibration', [GENERIC, LINED], ids=['plain', 'lined'])
def test_json_round_trip(tmp_path, calibration: Calibration) -> None:
    path = tmp_path / 'calibration.json'
    path.write_text(json.dumps(calibration.to_json()))
    assert load_calibration(path) == calibration
    assert Calibration.load(path) == calibration


def test_of_card() -> None:
    card = SimpleNamespace(name='m', calibration=None)
    assert Calibration.of_card(card) is GENERIC
    card.calibration = GENERIC.to_json()
    assert Calibration.of_card(card) == GENERIC
    card.calibration = {}
    with pytest.raises(ConfigError, match="card of model 'm'"):
        Calibration.of_card(card)


def _broken(**changes):
    raw = GENERIC.to_json()
    raw['models']['global'].update(changes)
    return raw


@pytest.mark.parametrize(('raw', 'says'), [
    ({'format': 2}, 'format 2 found, this version reads 1'),
    ({'format': 1}, "'models' is missing"),
    ({'format': 1, 'models': {}}, "'global' is missing"),
    ({'format': 1, 'models': {'x': {}}}, "unknown model 'x'"),
    ([], 'is no calibration'),
    (None, 'is no calibration'),
    (_broken(weights=[1, 2]), 'global.weights must be 3 finite numbers'),
    (_broken(weights=[1, 2, -1]), 'must not be negative'),
    (_broken(weights=[1, 2, 'x']), 'could not convert'),
    (_broken(intercept=float('nan')), 'intercept finite'),
    (_broken(features=['similarity']), 'global.features'),
])
def test_what_is_wrong_is_said(raw, says: str) -> None:
    with pytest.raises(ConfigError, match='is no calibration') as caught:
        from_json(raw)
    assert says in str(caught.value)


@pytest.mark.parametrize('content', ['', '{', '[' * 100_000])
def test_a_file_that_is_no_json(tmp_path, content: str) -> None:
    path = tmp_path / 'calibration.json'
    path.write_text(content)
    with pytest.raises(ConfigError, match='no valid JSON'):
        load_calibration(path)


def test_a_missing_file(tmp_path) -> None:
    with pytest.raises(ConfigError, match='cannot be read'):
        load_calibration(tmp_path / 'none.json')


def test_the_generic_one_tells_strong_from_weak() -> None:
    assert GENERIC.models['global'].features == GLOBAL_FEATURES
    weak = replace(STRONG, similarity=0.3, outside_similarity=0.29, sequence_support=0)
    assert GENERIC.probability(weak) < 0.1
    assert GENERIC.probability(STRONG) > 0.9
