# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maps described again from the images that they keep, and the sentences where there are none."""

from __future__ import annotations

from helpers import place_image, tiny_model
import numpy as np
import pytest

from vpr_ros.assembly import model_identity
from vpr_ros.cli.main import main
from vpr_ros.errors import MapError
from vpr_ros.model import load_model
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.place_map import check, PlaceMap
from vpr_ros.redescribing import redescribe
from vpr_ros.rerank.stage import sizes_that_count
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Pose

PLACES = 6


@pytest.fixture(scope='module')
def model():
    return load_model('default', provider='cpu', threads=1)


@pytest.fixture
def build(tmp_path, model):
    """Build a map of two sessions without patches, by the pipeline."""
    def _build(name='old', *, thumbnail_width_px=320, rerank='none', using=model):
        path = tmp_path / f'{name}.vprmap'
        settings = Settings(rerank=rerank, keyframe_interval_s=0.0, keyframe_standstill=0.0,
                            thumbnail_width_px=thumbnail_width_px, recent_time_s=0.0)
        identity = model_identity(using)
        with PlaceMap.create(path, identity, context_window=4) as place_map:
            recognizer = PlaceRecognizer(using, place_map, settings, mapping=True)
            for session in ('first', 'second'):
                place_map.new_session(session)
                recognizer.replace_map(place_map)
                for _ in range(PLACES // 2):
                    index = len(place_map)
                    pose = Pose((float(index), 0.0, 0.0), frame_id='odom')
                    recognizer.process(Frame(image(index), (index + 1) * 10**9, 'camera', pose))
            assert len(place_map) == PLACES
        return path

    return _build


def image(index):
    return place_image(index, height=480, width=640)


def facts(path):
    with PlaceMap.open(path, read_only=True) as place_map:
        return (place_map.places(), [place_map.thumbnail(i + 1) for i in range(PLACES)],
                [s.name for s in place_map.sessions()])


def test_patches_are_added_and_nothing_else_changes(build, model, tmp_path):
    old, new = build(), tmp_path / 'new.vprmap'
    before, seen = old.read_bytes(), []
    info = redescribe(old, new, model, progress=lambda *step: seen.append(step[:2]))
    assert old.read_bytes() == before
    assert seen == [(i + 1, PLACES) for i in range(PLACES)]
    assert info.has_patches and info.places == PLACES
    assert facts(old) == facts(new)
    assert not list(check(new))
    with PlaceMap.open(old, read_only=True) as a, PlaceMap.open(new, read_only=True) as b:
        assert a.uuid != b.uuid
        query = a.descriptor(3)
        assert a.search(query, PLACES) == b.search(query, PLACES)
        np.testing.assert_array_equal(a.context.mean, b.context.mean)
        assert set(b.patches(1)) == sizes_that_count(model.card)


def test_places_re_rank_as_if_built_with_patches(build, model, tmp_path):
    direct, added = build('direct', rerank='robot'), tmp_path / 'added.vprmap'
    redescribe(build('old'), added, model)
    scores = []
    for path in (direct, added):
        with PlaceMap.open(path, model=model_identity(model), read_only=True) as place_map:
            recognizer = PlaceRecognizer(model, place_map, Settings(rerank='robot'), mapping=False)
            best, *others = recognizer.recognize(image(4)).matches
            assert best.place.place_id == 5
            scores.append(best.spatial.score)
            assert all(best.spatial.score > 2 * other.spatial.score for other in others)
    assert scores[0] > 0.99
    assert 0.5 < scores[1] < 1.0  # blocks of one colour, and the thumbnail is a JPEG


def test_another_model_describes_everything(build, model, tmp_path):
    other = load_model(str(tiny_model(tmp_path)), provider='cpu', threads=1)
    new, direct = tmp_path / 'tiny.vprmap', build('direct', using=other)
    info = redescribe(build(), new, other)
    assert info.model.same_as(model_identity(other)) and not info.has_patches
    assert not list(check(new))
    with PlaceMap.open(direct, read_only=True) as a, PlaceMap.open(new, read_only=True) as b:
        for place_id in range(1, PLACES + 1):
            assert a.descriptor(place_id) @ b.descriptor(place_id) > 0.98
        np.testing.assert_allclose(a.context.mean, b.context.mean, atol=0.02)
        assert a.context.count == b.context.count == PLACES


@pytest.mark.parametrize(('width', 'sentence'), [
    (0, r'keeps no image of 6 of the 6 places to describe .* `vpr map build`'),
    (160, r'of place 1 is 160x120, model default takes 320x240; build the map again'),
])
def test_images_that_are_missing_or_too_small_are_said(build, model, tmp_path, width, sentence):
    old, out = build(thumbnail_width_px=width), tmp_path / 'out.vprmap'
    before = old.read_bytes()
    with pytest.raises(MapError, match=sentence):
        redescribe(old, out, model)
    assert not out.exists() and old.read_bytes() == before
    assert sorted(p.name for p in tmp_path.glob('*vprmap*')) == sorted(
        p.name for p in (old, *tmp_path.glob('*.lock')))


def test_small_images_may_be_accepted(build, model, tmp_path):
    info = redescribe(build(thumbnail_width_px=160), tmp_path / 'out.vprmap', model,
                      small_images=True)
    assert info.has_patches


def test_nothing_to_do_is_said(build, model, tmp_path):
    with pytest.raises(MapError, match='already has the patches of model default at all its 6'):
        redescribe(build(rerank='robot'), tmp_path / 'out.vprmap', model)
    other = load_model(str(tiny_model(tmp_path)), provider='cpu', threads=1)
    with pytest.raises(MapError, match='model tiny has no patch outputs'):
        redescribe(build('tiny_map', using=other), tmp_path / 'out.vprmap', other)


def test_the_command(build, tmp_path, capsys):
    old = build()
    assert main(['map', 'redescribe', str(old), '--out', str(tmp_path / 'new.vprmap')]) == 0
    assert 'patches 50' in capsys.readouterr().out  # kB a place
    assert main(['map', 'info', str(tmp_path / 'new.vprmap')]) == 0
    with PlaceMap.open(tmp_path / 'new.vprmap', read_only=True) as place_map:
        sizes = {size: len(codes) for size, codes in place_map.patches(1).items()}
    assert ', '.join(f'size {s}: {n}' for s, n in sizes.items()) in capsys.readouterr().out
    assert main(['map', 'info', str(old)]) == 0
    assert 'patches      none: re-ranking leaves' in capsys.readouterr().out
    assert main(['map', 'redescribe', str(old), '--out', str(tmp_path / 'new.vprmap')]) == 1
    assert 'exists' in capsys.readouterr().err
