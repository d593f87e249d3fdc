# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Re-ranking in the whole pipeline: the bundled model, a real map on disk, a clock of our own."""

from __future__ import annotations

from helpers import place_image
import numpy as np
import pytest

from vpr_ros.assembly import model_identity
from vpr_ros.model import load_model
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.place_map import PlaceMap
from vpr_ros.rerank.presets import PRESETS
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Reason, Recognition

PLACES = 24
READ_S = 0.01  # what reading the patches of a place costs on the injected clock
DESCRIBE_S = 0.05


class Clock:
    """Seconds that pass only when something is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def charge(self, monkeypatch, owner: object, method: str, cost_s: float) -> None:
        """Let every call of a method cost time."""
        call = getattr(owner, method)

        def slow(*arguments, **options):
            self.now += cost_s
            return call(*arguments, **options)

        monkeypatch.setattr(owner, method, slow)


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """Make a map of the places by the pipeline itself."""
    model = load_model('default', provider='cpu', threads=1)
    path = tmp_path_factory.mktemp('map') / 'places.vprmap'
    settings = Settings(rerank='robot', keyframe_interval_s=0.0, context_keyframes=0,
                        thumbnail_width_px=64)
    with PlaceMap.create(path, model_identity(model)) as place_map:
        place_map.new_session('first')
        recognizer = PlaceRecognizer(model, place_map, settings, mapping=True)
        for number in range(PLACES):
            recognizer.process(Frame(view(number), (number + 1) * 10**9))
        assert len(place_map) == PLACES
    return model, path


def view(number: int, shift: int = 0):
    """Place ``number``, seen from a little to the side."""
    return np.roll(place_image(number, height=240, width=320), shift, axis=1)


def revisit(built, monkeypatch, deadline_ms: float, **overrides) -> Recognition:
    """Return the second of two looks at place 7; the first teaches what candidates cost."""
    model, path = built
    clock = Clock()
    clock.charge(monkeypatch, model, 'describe', DESCRIBE_S)
    settings = Settings(rerank='robot', deadline_ms=deadline_ms, min_sequence_support=0.0,
                        **overrides)
    with PlaceMap.open(path, model=model_identity(model), read_only=True) as place_map:
        clock.charge(monkeypatch, place_map, 'patches', READ_S)
        recognizer = PlaceRecognizer(model, place_map, settings, mapping=False, clock=clock)
        recognizer.process(Frame(view(7, 6), 10**12))
        return recognizer.process(Frame(view(7, 6), 2 * 10**12))


def test_without_a_deadline_every_candidate_is_compared(built, monkeypatch):
    found = revisit(built, monkeypatch, 0.0)
    assert found.shed_candidates == 0
    assert found.best is not None and found.best.place.place_id == 8
    spatial = found.best.spatial
    assert spatial is not None and spatial.score > 0.2 and spatial.inliers > 0
    assert set(spatial.scale_scores) == set(PRESETS['robot'].for_model(built[0].card).weights)
    assert found.latency_ms['rerank'] == pytest.approx(1e3 * READ_S * PLACES)


@pytest.mark.parametrize('deadline_ms', [80, 120, 200])
def test_candidates_are_shed_and_the_deadline_is_kept(built, monkeypatch, deadline_ms):
    found = revisit(built, monkeypatch, float(deadline_ms))
    assert 0 < found.shed_candidates < PLACES
    assert found.latency_ms['total'] <= 1.1 * deadline_ms
    # the likeliest is compared first, so it is still found
    assert found.best is not None and found.best.place.place_id == 8
    assert found.best.spatial is not None


def test_only_sizes_that_count_are_described_and_stored(built):
    model, path = built
    used = set(PRESETS['robot'].for_model(model.card).weights)
    assert used < set(model.card.patches)  # the default model's tuning leaves one out
    with PlaceMap.open(path, read_only=True) as place_map:
        assert set(place_map.patches(1)) == used
        assert place_map.patch_sizes() == used
        assert set(place_map.patches(1, {2})) == {2}
        assert place_map.patches(1, set()) == {}
    with PlaceMap.create(':memory:', model_identity(model)) as place_map:
        place_map.new_session('all')
        settings = Settings(rerank='robot', patch_sizes='all')
        recognizer = PlaceRecognizer(model, place_map, settings, mapping=True)
        recognizer.process(Frame(view(0), 10**9))
        assert place_map.patch_sizes() == set(model.card.patches)
        assert set(recognizer.describe(view(0)).description.patches) == set(model.card.patches)
        recognizer.configure(Settings())
        assert not recognizer.describe(view(0)).description.patches


def test_what_comes_after_re_ranking_has_its_time(built, monkeypatch):
    """Growing the map costs 40 ms, which candidates may not use."""
    model, path = built
    clock = Clock()
    with PlaceMap.open(path, model=model_identity(model), read_only=True) as place_map:
        clock.charge(monkeypatch, place_map, 'patches', READ_S)
        recognizer = PlaceRecognizer(
            model, place_map, Settings(rerank='robot', deadline_ms=120.0), mapping=False,
            clock=clock)
        clock.charge(monkeypatch, recognizer, '_grow', 0.04)
        found = [recognizer.process(Frame(view(7, 6), stamp * 10**12)) for stamp in (1, 2, 3)]
    assert all(0 < one.shed_candidates < PLACES for one in found[1:])
    assert all(one.latency_ms['total'] <= 1.1 * 120.0 for one in found[1:])


def test_nothing_confirmed_in_time_is_said_to_be_the_deadline(built, monkeypatch):
    found = revisit(built, monkeypatch, 1e3 * DESCRIBE_S, min_probability=1.0)
    assert found.shed_candidates == PLACES
    assert found.reason is Reason.DEADLINE
    assert found.best is not None and found.best.spatial is None
    in_time = revisit(built, monkeypatch, 0.0, min_probability=1.0)
    assert in_time.reason not in (Reason.DEADLINE, Reason.ACCEPTED)
