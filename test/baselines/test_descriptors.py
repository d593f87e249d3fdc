# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The hand-made descriptors beside slow loops written from their definitions."""

from __future__ import annotations

import math

from helpers import place_image
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.baselines.binary_words import bag_of_words, nearest_words, orb, tf_idf
from vpr_ros.baselines.hog import cell_histograms, CLIP, hog
from vpr_ros.baselines.thumbnail import patch_normalised
from vpr_ros.baselines.vlad import root_sift, vlad


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def slow_cells(image: np.ndarray, cell: int, bins: int) -> np.ndarray:
    pixels, (height, width) = image.astype(float), image.shape[:2]
    result = np.zeros((height // cell, width // cell, bins))
    for y in range(height):
        for x in range(width):
            best = (-1.0, 0.0, 0.0)
            for c in range(3):
                gx = pixels[y, min(x + 1, width - 1), c] - pixels[y, max(x - 1, 0), c]
                gy = pixels[min(y + 1, height - 1), x, c] - pixels[max(y - 1, 0), x, c]
                best = max(best, (gx * gx + gy * gy, gx, gy), key=lambda found: found[0])
            _, gx, gy = best
            angle = math.atan2(gy, gx) % math.pi
            for b in range(bins):  # triangle of one bin's width around each centre, around
                away = abs(angle - (b + 0.5) * math.pi / bins)
                away = min(away, math.pi - away) / (math.pi / bins)
                result[y // cell, x // cell, b] += max(0.0, 1 - away) * math.hypot(gx, gy)
    return result


def test_cell_histograms_are_those_of_the_loop():
    image = noise(3, 16, 24, 3)
    np.testing.assert_allclose(cell_histograms(image, 8, 9), slow_cells(image, 8, 9), rtol=1e-4,
                               atol=1e-2)


def test_hog_blocks_are_normalised_twice_and_clipped():
    image = noise(4, 24, 32, 3)
    cells = slow_cells(image, 8, 9)
    expected = []
    for row in range(2):
        for column in range(3):
            block = np.concatenate([cells[row + i, column + j] for i in (0, 1) for j in (0, 1)])
            block = np.minimum(block / np.linalg.norm(block), CLIP)
            expected.append(block / np.linalg.norm(block))
    np.testing.assert_allclose(hog(image, 8, 9), np.concatenate(expected), atol=1e-4)


def test_an_edge_falls_into_the_bin_of_its_gradient():
    image = np.zeros((16, 16, 3), np.uint8)
    image[:, 8:] = 200  # gradient along x, angle 0: on the border of the first and last bin
    cells = cell_histograms(image, 16, 9)[0, 0]
    np.testing.assert_allclose(cells[[0, 8]], [cells.sum() / 2] * 2)


def test_thumbnails_are_normalised_patch_by_patch():
    grey = noise(5, 16, 24)
    grey[:8, :8] = 77  # a flat patch
    result = patch_normalised(grey, 8)
    for y in range(0, 16, 8):
        for x in range(0, 24, 8):
            block = grey[y:y + 8, x:x + 8].astype(float)
            expected = (block - block.mean()) / block.std() if block.std() else block * 0
            np.testing.assert_allclose(result[y:y + 8, x:x + 8], expected, atol=1e-4)


def test_thumbnails_do_not_change_with_the_light_on_a_patch():
    grey = noise(6, 16, 16) // 2
    lit = grey.copy()
    lit[:8, 8:] = grey[:8, 8:] * 2 + 1
    np.testing.assert_allclose(patch_normalised(lit, 8), patch_normalised(grey, 8), atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 12), st.integers(1, 5), st.integers(0, 10_000))
def test_vlad_is_that_of_the_loop(count: int, clusters: int, seed: int):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 6)).astype(np.float32)
    centers = rng.normal(size=(clusters, 6)).astype(np.float32)
    sums = np.zeros((clusters, 6))
    for row in rows:
        nearest = min(range(clusters), key=lambda k: float(((row - centers[k]) ** 2).sum()))
        sums[nearest] += row - centers[nearest]
    for k in range(clusters):
        if np.linalg.norm(sums[k]) > 1e-6:
            sums[k] /= np.linalg.norm(sums[k])
    expected = sums.ravel() / max(np.linalg.norm(sums), 1e-12)
    np.testing.assert_allclose(vlad(rows, centers), expected, atol=1e-4)


def test_root_sift_rows_have_length_one():
    rows = root_sift(place_image(1)[..., 0], 200)
    assert len(rows) > 5
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    assert root_sift(np.full((64, 64), 9, np.uint8), 200).shape == (0, 128)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10), st.integers(1, 12), st.integers(0, 10_000))
def test_the_nearest_word_has_the_smallest_hamming_distance(count: int, words: int, seed: int):
    rows, vocabulary = noise(seed, count, 32), noise(seed + 1, words, 32)
    found = nearest_words(rows, vocabulary)
    bits = np.unpackbits(rows[:, None] ^ vocabulary[None], axis=2).sum(axis=2)
    np.testing.assert_array_equal(bits[np.arange(count), found], bits.min(axis=1))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=20),
       st.lists(st.integers(0, 6), min_size=1, max_size=20))
def test_the_inner_product_bounds_the_score_of_dbow(one: list[int], other: list[int]):
    idf = np.linspace(0.1, 2.0, 7, dtype=np.float32)
    v, w = (tf_idf(np.asarray(words), idf) for words in (one, other))
    assert v.sum() == pytest.approx(1, abs=1e-5)
    score = 1 - np.abs(v - w).sum() / 2
    product = float(bag_of_words(np.asarray(one), idf) @ bag_of_words(np.asarray(other), idf))
    assert score - 1e-5 <= product <= math.sqrt(max(0.0, 1 - (1 - score) ** 2)) + 1e-5


def test_words_that_are_everywhere_have_no_weight():
    assert not tf_idf(np.asarray([0, 0]), np.asarray([0.0, 1.0], np.float32)).any()
    assert orb(np.full((96, 96), 9, np.uint8), 100).shape == (0, 32)
