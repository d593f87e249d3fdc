# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the log says of a map that cannot be re-ranked: once for each map."""

from __future__ import annotations

from pathlib import Path

from helpers import place_image
import pytest

from vpr_ros.assembly import model_identity
from vpr_ros.model import load_model
from vpr_ros.parameters import PARAMETERS
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.map_news import MapNews
from vpr_ros.settings import Settings
from vpr_ros.types import Frame


def build(path: Path, **settings: object) -> Path:
    """Make a map of two places."""
    model = load_model('default', provider='cpu', threads=1)
    values = Settings(keyframe_interval_s=0.0, thumbnail_width_px=0, **settings)
    with PlaceMap.create(path, model_identity(model)) as place_map:
        place_map.new_session('first')
        recognizer = PlaceRecognizer(model, place_map, values, mapping=True)
        for number in range(2):
            recognizer.process(
                Frame(place_image(number, height=240, width=320), (number + 1) * 10**10))
        assert len(place_map) == 2
    return path


@pytest.fixture(scope='module')
def maps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return maps without patches, with those of one size, and with all that robot compares."""
    folder = tmp_path_factory.mktemp('maps')
    return {rerank: build(folder / f'{rerank}.vprmap', rerank=rerank)
            for rerank in ('none', 'speed', 'robot')}


def test_a_map_that_cannot_be_re_ranked_is_told_of_once(maps: dict[str, Path]) -> None:
    values = {parameter.name: parameter.default for parameter in PARAMETERS}
    engine = Engine({**values, 'mode': 'localization', 'rerank': 'robot',
                     'map_path': str(maps['none'])})
    engine.open('')
    news = MapNews()
    (sentence,) = news.of(engine)
    assert 'the places of the map hold none: matches stay in the order of the search' in sentence
    assert list(news.of(engine)) == []
    engine.load(str(maps['speed']))
    (sentence,) = news.of(engine)
    assert 'size 2 and 5, but the places of the map hold those of size 5 alone' in sentence
    engine.load(str(maps['robot']))
    assert list(news.of(engine)) == [] and engine.patch_problem == ''
    engine.configure(engine.settings.replace(rerank='none'))
    assert engine.patch_problem == ''
    engine.close()
