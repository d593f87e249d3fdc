# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentations: nothing at 0, the right thing otherwise, and a tuple is flipped as a whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from training.augmentations import make_augmentation, TRANSFORMS
from training.transforms import (
    ColourJitter,
    Flip,
    Perspective,
    RandomResizedCrop,
    Resizing,
    Rotation,
)

IDENTITIES = [Flip(0.0), ColourJitter(), RandomResizedCrop(1.0), Rotation(0.0),
              Perspective(0.0, 1.0), Perspective(0.5, 0.0), Resizing(1.0)]


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (36, 48, 3), dtype=np.uint8)


@pytest.mark.parametrize('transform', IDENTITIES, ids=lambda t: type(t).__name__)
def test_nothing_changes_at_zero(transform, image):
    found = transform.apply(image, np.random.default_rng(1))
    np.testing.assert_allclose(found.astype(int), image, atol=1)


@settings(max_examples=30, deadline=None)
@given(name=st.sampled_from(sorted(TRANSFORMS)), seed=st.integers(0, 1000),
       height=st.integers(8, 40), width=st.integers(8, 40))
def test_size_and_type_stay(name, seed, height, width):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    transform = ColourJitter(1.0, 1.0, 1.0, 0.5) if name == 'colour_jitter' else TRANSFORMS[name]()
    found = transform.apply(image, rng)
    assert found.shape == image.shape and found.dtype == np.uint8


@pytest.mark.parametrize(('kind', 'base'), [
    ('brightness', np.zeros_like),
    ('contrast', lambda image: np.full_like(image, (image @ [0.299, 0.587, 0.114]).mean())),
    ('saturation', lambda image: np.repeat((image @ [0.299, 0.587, 0.114])[..., None], 3, 2)),
])
def test_colours_blend_with_their_base(kind, base, image):
    """Against the definition: base + factor * (image - base), one factor for the image."""
    image = image // 4 + 96  # nothing is clipped
    values = image.astype(np.float64)
    found = ColourJitter(**{kind: 0.3}).apply(image, np.random.default_rng(3)).astype(np.float64)
    apart = values - base(values)
    factor = ((found - base(values)) * apart).sum() / (apart**2).sum()
    assert 0.7 <= factor <= 1.3 and abs(factor - 1) > 0.01
    np.testing.assert_allclose(found, base(values) + factor * apart, atol=0.6)


def test_a_rotation_turns_by_no_more_than_asked():
    image = np.zeros((41, 41, 3), np.uint8)
    image[20, 30:] = 255  # a line to the right of the middle
    for seed in range(10):
        found = Rotation(20.0).apply(image, np.random.default_rng(seed))
        y, x = np.nonzero(found[..., 0] > 60)
        assert abs(np.degrees(np.arctan2(y.mean() - 20, x.mean() - 20))) < 21


def test_a_tuple_is_flipped_as_a_whole_and_only_its_query_is_changed(image):
    augmentation = make_augmentation(
        ['flip', {'colour_jitter': {'brightness': 0.9}}], *image.shape[:2])
    seen = set()
    for seed in range(12):
        group = augmentation.group(np.random.default_rng(seed))
        base = image[:, ::-1] if group.flip else image
        other = group.apply(image, np.random.default_rng(1), lambda: image, flip_only=True)
        assert np.array_equal(other, base)
        query = group.apply(image, np.random.default_rng(1), lambda: image)
        assert not np.array_equal(query, base)
        seen.add(group.flip)
    assert seen == {False, True}


def test_images_get_the_size_of_training(image):
    for entries in ((), ('heavy',), ('flip', 'rotation')):
        group = make_augmentation(entries, 24, 32).group(np.random.default_rng(0))
        found = group.apply(image, np.random.default_rng(0), lambda: image)
        assert found.shape == (24, 32, 3)
