# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Query handling: the benchmark's own numbers, explicit loops, and pictures whose crops show."""

from __future__ import annotations

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ConfigError, ImageError
from vpr_ros.evaluation.dataset import within_radius
from vpr_ros.evaluation.query_handling import (
    check_handling,
    HANDLINGS,
    majority_voting,
    nearest_crop,
    query_images,
)
from vpr_ros.evaluation.retrieval_metrics import RecallAtN

DEPTHS = (1, 5, 10, 20)


def search(descriptors, database, count: int):
    """Exact squared Euclidean distances, nearest first."""
    distances = ((descriptors[:, None] - database[None]) ** 2).sum(-1)
    order = np.argsort(distances, axis=1, kind='stable')[:, :count]
    return order, np.take_along_axis(distances, order, axis=1)


@pytest.mark.shared
@pytest.mark.parametrize(('handling', 'golden_name'), [
    ('five_crops', 'recalls_five_crops'), ('nearest_crop', 'recalls_nearest_crop'),
    ('majority_voting', 'recalls_maj_voting'),
])
def test_the_benchmark_recalls_the_same(handling: str, golden_name: str) -> None:
    golden = np.load(shared('goldens', 'eval_dvg.npz'))
    database = golden['desc'][:int(golden['num_database'])].astype(np.float64)
    positives = within_radius(golden['utm_q'], golden['utm_db'], 25.0)
    metric = RecallAtN(DEPTHS)
    for crops, right in zip(golden['crop_desc'].astype(np.float64), positives, strict=True):
        if handling == 'five_crops':
            ranking = search(crops.mean(0, keepdims=True), database, 20)[0][0]
        else:
            merge = nearest_crop if handling == 'nearest_crop' else majority_voting
            ranking = merge(*search(crops, database, 20), 20)[0]
        metric.update(ranking.tolist(), set(right.tolist()))
    percent = [100 * metric.compute()['recall'][str(n)] for n in DEPTHS]
    assert percent == golden[golden_name].tolist()


@st.composite
def rankings(draw):
    crops, length = draw(st.integers(1, 5)), draw(st.integers(1, 12))
    rows, values = [], []
    for _ in range(crops):
        rows.append(draw(st.permutations(range(14)))[:length])
        values.append(sorted(draw(st.lists(
            st.integers(0, 10**6), min_size=length, max_size=length, unique=True))))
    values = np.asarray(values, np.float64)
    return np.asarray(rows, np.int64), values + np.arange(crops)[:, None] / 10 + 0.05


def oracle_votes(predictions, distances, weight: float):
    """From the definition, one number at a time."""
    result = distances.copy()
    for depth in (1, 5, 10):
        votes: dict[int, int] = {}
        for row in predictions:
            for place in row[:depth]:
                votes[int(place)] = votes.get(int(place), 0) + 1
        for crop, row in enumerate(predictions):
            for rank, place in enumerate(row[:depth]):
                if votes[int(place)] > 1:
                    result[crop, rank] -= weight * votes[int(place)] / depth
    return result


@settings(deadline=None)
@given(rankings(), st.integers(1, 20))
def test_merging_is_that_of_explicit_loops(rows, count: int) -> None:
    predictions, distances = rows
    for merge, values in (
        (nearest_crop, distances),
        (majority_voting, oracle_votes(predictions, distances, 0.01)),
    ):
        best: dict[int, float] = {}
        for place, value in zip(predictions.ravel().tolist(), values.ravel().tolist(),
                                strict=True):
            best[place] = min(value, best.get(place, np.inf))
        expected = sorted(best, key=best.__getitem__)[:count]
        places, found = merge(predictions, distances, count)
        assert places.tolist() == expected
        assert found == pytest.approx([best[place] for place in expected])


def picture(height: int, width: int) -> np.ndarray:
    """Red grows downwards, green to the right."""
    rows, columns = np.mgrid[0:height, 0:width]
    red, green = rows * 255 / (height - 1), columns * 255 / (width - 1)
    return np.stack([red, green, 0 * red], -1).round().astype(np.uint8)


@pytest.mark.parametrize('shape', [(96, 48), (48, 96), (100, 60), (31, 77), (48, 64)])
@pytest.mark.parametrize('interpolation', ['area', 'linear'])
def test_crops_fill_the_input_and_lie_where_they_should(shape, interpolation: str) -> None:
    image = picture(*shape)
    crops = query_images(image, 'five_crops', 48, 64, interpolation=interpolation)
    assert [crop.shape for crop in crops] == [(48, 64, 3)] * 5
    first, top_right, bottom_left, last, centre = (c.astype(int) for c in crops)
    assert first[0, 0].max() <= 8
    assert top_right[0, -1, 1] >= 247
    assert top_right[0, -1, 0] <= 8
    assert bottom_left[-1, 0, 0] >= 247
    assert last[-1, -1, :2].min() >= 247
    middle = centre[23:25, 31:33, :2].mean((0, 1))
    assert middle == pytest.approx([127.5, 127.5], abs=6)
    assert np.array_equal(query_images(image, 'central_crop', 48, 64,
                                       interpolation=interpolation)[0], centre)


def test_a_crop_keeps_the_shape_of_things() -> None:
    image = np.zeros((200, 100, 3), np.uint8)
    image[60:140, 10:90] = 255  # a square of 80 in an image twice as high as wide
    crop = query_images(image, 'central_crop', 64, 64)[0]
    assert (crop[32, :, 0] > 127).sum() == pytest.approx(51, abs=1)
    assert (crop[:, 32, 0] > 127).sum() == pytest.approx(51, abs=1)


def test_single_query_keeps_the_shape_or_says_why_it_cannot() -> None:
    assert query_images(picture(96, 128), 'single_query', 48, 64)[0].shape == (48, 64, 3)
    with pytest.raises(ImageError, match=r'48x96.*exactly 64x48.*central_crop'):
        query_images(picture(200, 100), 'single_query', 48, 64)
    image = picture(30, 30)
    assert query_images(image, 'hard_resize', 48, 64)[0] is image


def test_what_cannot_be_is_refused() -> None:
    for handling in HANDLINGS:
        check_handling(handling, rerank='none')
    check_handling('central_crop', rerank='robot')
    with pytest.raises(ConfigError, match='not one of hard_resize'):
        check_handling('crop', rerank='none')
    with pytest.raises(ConfigError, match='--rerank none'):
        check_handling('nearest_crop', rerank='robot')
