# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline's benchmark: that its map is a map, and that its figures are of both runs."""

import json

from helpers import place_image, tiny_model
import pytest

from vpr_ros.bench import pipeline
from vpr_ros.model import load_model
from vpr_ros.place_map import check, PlaceMap


@pytest.fixture(scope='module')
def model():
    return load_model('default', provider='cpu', threads=1)


def images(count):
    return [place_image(number, height=240, width=320) for number in range(count)]


def test_places_are_noisy_views_of_the_images(model, tmp_path):
    path = tmp_path / 'bench.vprmap'
    seen = [model.describe(image) for image in images(3)]
    pipeline.fill(path, model, seen, 12)
    assert not list(check(path))
    with PlaceMap.open(path, read_only=True) as place_map:
        found = place_map.search(seen[1].global_descriptor, 4)
        assert {one.place.place_id % 3 for one in found} == {2}
        assert 0.2 < found[0].similarity < 0.99  # of centred descriptors
        patches = [place_map.patches(one.place.place_id) for one in found]
        assert set(patches[0]) == set(model.card.patches)
        assert len({codes[2] for codes in patches}) == len(patches)


def test_figures_are_of_both_runs(model):
    steps = []
    found = pipeline.measure(model, images(4), places=40, frames=6,
                             progress=lambda *step: steps.append(step))
    assert steps[-1] == (40, 40, 'filling a map')
    assert found['rerank_p50_ms'] > 0
    assert found['p50_ms'] <= found['p99_ms']
    assert found['deadline_ms'] > 0
    assert 0 <= found['over_without_reranking'] <= found['frames_over_by_a_tenth'] <= 6
    assert 45_000 < found['patch_bytes_per_place'] < 60_000  # of the two sizes that count
    json.dumps(found)


def test_a_model_without_patches_has_no_such_figures(tmp_path):
    assert pipeline.measure(load_model(str(tiny_model(tmp_path))), images(1)) is None
