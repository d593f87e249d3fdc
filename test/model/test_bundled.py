# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every bundled model does what its card says, on an image that is not blank."""

from __future__ import annotations

from helpers import place_image
import numpy as np
import pytest

from vpr_ros.model import load_model
from vpr_ros.model.card import list_cards, NETWORK
from vpr_ros.model.session import PATCH_SWITCH
from vpr_ros.rerank.presets import PRESETS

CARDS = {card.name: card for card in list_cards()}
MAX_BYTES = 12_000_000


@pytest.fixture(scope='module', params=sorted(CARDS))
def model(request):
    return load_model(request.param, provider='cpu', threads=1)


@pytest.fixture(scope='module')
def image(model):
    return place_image(5, height=model.card.height, width=model.card.width)


def test_the_default_model_is_there_and_re_ranks():
    wanted = PRESETS['robot'].weights
    assert wanted.keys() <= CARDS['default'].patches.keys()


def test_the_file_is_small_and_the_cards(model):
    model.card.check_file()
    assert model.card.file_path.stat().st_size <= MAX_BYTES


def test_outputs_have_the_cards_shapes_and_unit_rows(model, image):
    found = model.describe(image)
    assert found.global_descriptor.shape == (model.card.global_dim,)
    assert np.linalg.norm(found.global_descriptor) == pytest.approx(1, abs=1e-5)
    assert found.patches.keys() == model.card.patches.keys()
    for size, spec in model.card.patches.items():
        rows = found.patches[size].descriptors
        assert rows.dtype == np.float32
        assert rows.shape == (spec.grid[0] * spec.grid[1], spec.dim)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
        assert len(np.unique(rows.round(4), axis=0)) > 1


def test_centres_lie_in_the_image_and_go_by_rows(model):
    for spec in model.card.patches.values():
        centers = spec.centers_px.reshape(*spec.grid, 2)
        assert (centers >= 0).all()
        assert (centers < (model.card.width, model.card.height)).all()
        assert (np.diff(centers[..., 0], axis=1) > 0).all()
        assert (np.diff(centers[..., 1], axis=0) > 0).all()


def test_the_global_descriptor_alone_is_the_same(model, image):
    alone = model.describe(image, patches=False)
    assert not alone.patches
    np.testing.assert_allclose(alone.global_descriptor, model.describe(image).global_descriptor,
                               atol=1e-6)


def test_networks_with_patches_can_leave_them_out(model):
    if model.card.kind != NETWORK:
        return
    optional = [i.name for i in model._session.get_overridable_initializers()]
    assert (PATCH_SWITCH in optional) == bool(model.card.patches)
