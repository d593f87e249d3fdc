# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The picture of a match: what is drawn where, and that nothing a robot meets breaks it."""

import numpy as np
import pytest
from rerank.patch_sets import look, patch_set, scene

from vpr_ros.rerank.codes import encode
from vpr_ros.rerank.drawing import agreeing_matches, BAR_PX, draw_matches, GAP_PX
from vpr_ros.types import SpatialEvidence

GRID, INPUT = (8, 10), (144, 176)
GREY = np.full((144, 176, 3), 90, np.uint8)


def test_agreement_is_one_for_a_shift_and_falls_with_distance():
    world = scene(1)
    query, match = look(world, 2, 2, GRID), look(world, 2, 4, GRID)
    mine, other, agreement = agreeing_matches(query, match)
    assert (agreement == 1).sum() >= 8 * 8  # all that stay in view
    same = (mine % 10) - (other % 10) == 2
    assert (agreement[same & (mine // 10 == other // 10)] == 1).all()
    assert (agreement[~same] < 1).all()


@pytest.mark.parametrize('coded', [False, True])
def test_joins_the_patches_that_match(coded):
    patches = look(scene(1), 2, 2, GRID)
    match = {2: encode(patches) if coded else patches}
    picture = draw_matches(GREY, GREY, {2: patches}, match, input_size=INPUT, height_px=144)
    assert picture.shape == (144 + BAR_PX, 2 * 176 + GAP_PX, 3)
    green = (picture[..., 1] > 150) & (picture[..., 0] < 90) & (picture[..., 2] < 100)
    for x, y in patches.centers_px[-9:].round().astype(int):
        near = slice(y - 7, y + 8)  # moved within the patch, so that lines lie side by side
        for at in (x, x + 176 + GAP_PX):
            assert green[near, at - 2:at + 3].any(axis=0).all()


def test_images_of_other_sizes_and_wrong_matches():
    thumbnail = np.zeros((60, 107, 3), np.uint8)
    large = np.zeros((720, 1280, 3), np.uint8)
    evidence = SpatialEvidence(0.1, 12, 3, {2: 0.1}, 'the matched patches lie on one line')
    picture = draw_matches(thumbnail, large, {2: look(scene(1), 0, 0, GRID)},
                           {2: look(scene(2), 0, 0, GRID)}, input_size=INPUT, evidence=evidence)
    assert picture.dtype == np.uint8
    assert picture.shape[0] == 240 + BAR_PX
    assert picture[240:].max() > 150  # the caption


@pytest.mark.parametrize(('query', 'match'), [
    ({}, {}),
    ({2: look(scene(1), 0, 0, GRID)}, {}),
    ({2: look(scene(1), 0, 0, GRID)}, {5: look(scene(1), 0, 0, GRID)}),
    ({2: patch_set(np.ones((*GRID, 32)))}, {2: look(scene(1), 0, 0, GRID)}),
    ({2: look(scene(1), 0, 0, GRID)}, {2: look(scene(1, dim=16), 0, 0, GRID)}),
])
def test_without_common_patches_it_is_just_the_two_images(query, match):
    picture = draw_matches(GREY, GREY, query, match, input_size=INPUT, height_px=144)
    assert (picture[:144, :176] == 90).all()
    assert (picture[:144, -176:] == 90).all()
