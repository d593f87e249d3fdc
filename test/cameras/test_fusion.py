# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Candidates over several cameras against the definition written as loops."""

from __future__ import annotations

from collections.abc import Iterator
import math

import numpy as np
import pytest

from vpr_ros.cameras.fusion import fuse, merged, siblings, View
from vpr_ros.keyframes import NO_IMAGE
from vpr_ros.place_map import ModelIdentity, PlaceMap
from vpr_ros.types import Description, Frame, Place, Ranked, SpatialEvidence

DIM, MOMENTS = 8, 12
YAWS = {'front': 0.0, 'left': math.pi / 2, 'rear': math.pi}


def unit(rng: np.random.Generator) -> np.ndarray:
    vector = rng.standard_normal(DIM).astype(np.float32)
    return vector / np.linalg.norm(vector)


@pytest.fixture
def place_map() -> Iterator[PlaceMap]:
    """Moments of three cameras; every fourth lacks the left one."""
    rng = np.random.default_rng(5)
    with PlaceMap.create(':memory:', ModelIdentity('example', 'ab12', DIM)) as made:
        for moment in range(MOMENTS):
            for number, name in enumerate(YAWS):
                if name != 'left' or moment % 4:
                    made.add(unit(rng), stamp_ns=moment * 10**9 + number * 10**7, frame_id=name,
                             travelled_m=2.0 * moment)
        yield made


def view(place_map: PlaceMap, name: str, rng: np.random.Generator, count: int) -> View:
    descriptor = unit(rng)
    found = [(n.place, n.similarity) for n in place_map.search(descriptor, count)]
    return View(Frame(NO_IMAGE, 0, name), Description(descriptor), descriptor, descriptor, found)


def explicit(views: list[View], place_map: PlaceMap) -> dict[int, tuple[float, int]]:
    """Place id -> (mean similarity of all pairs, view), from the definition."""
    best: dict[int, tuple[float, float, int]] = {}
    for number, own in enumerate(views):
        for place, similarity in own.candidates:
            turn = YAWS[own.frame.frame_id] - YAWS[place.frame_id]
            values = [similarity]
            for other, their in enumerate(views):
                for partner in place_map.places():
                    apart = YAWS[their.frame.frame_id] - YAWS[partner.frame_id] - turn
                    if (other != number and partner.travelled_m == place.travelled_m
                            and abs(math.remainder(apart, 2 * math.pi)) < 1e-6):
                        values.append(float(place_map.similarities(
                            their.descriptor, [partner.place_id])[0]))
            entry = sum(values) / len(values), similarity, number
            if place.place_id not in best or entry[:2] > best[place.place_id][:2]:
                best[place.place_id] = entry
    return {place_id: (mean, number) for place_id, (mean, _, number) in best.items()}


@pytest.mark.parametrize('names', [('front', 'rear'), ('front', 'left', 'rear'), ('rear',)])
@pytest.mark.parametrize('count', [4, 100])
def test_fused_candidates_are_the_means_over_all_pairs(
    place_map: PlaceMap, names: tuple[str, ...], count: int
) -> None:
    rng = np.random.default_rng(len(names) + count)
    views = [view(place_map, name, rng, count) for name in names]
    candidates, seen_by = fuse(views, place_map, YAWS.get)
    expected = explicit(views, place_map)
    assert {place.place_id for place, _ in candidates} == set(expected)
    for place, value in candidates:
        assert value == pytest.approx(expected[place.place_id][0], abs=1e-6)
        assert seen_by[place.place_id] == expected[place.place_id][1]
    values = [value for _, value in candidates]
    assert values == sorted(values, reverse=True)


def test_without_directions_every_camera_speaks_for_itself(place_map: PlaceMap) -> None:
    rng = np.random.default_rng(1)
    views = [view(place_map, 'front', rng, 100), view(place_map, 'rear', rng, 100)]
    candidates, _ = fuse(views, place_map, lambda _: None)
    singles = [{p.place_id: s for p, s in v.candidates} for v in views]
    for place, value in candidates:
        assert value == max(single[place.place_id] for single in singles)


def test_siblings_are_the_places_of_one_moment(place_map: PlaceMap) -> None:
    for place in place_map.places():
        found = siblings(place_map, place)
        assert {p.place_id for p in found.values()} == {
            p.place_id for p in place_map.places() if p.travelled_m == place.travelled_m}


def test_without_odometry_siblings_are_the_nearest_in_time() -> None:
    rng = np.random.default_rng(2)
    with PlaceMap.create(':memory:', ModelIdentity('example', 'ab12', DIM)) as made:
        for moment in range(4):
            for number, name in enumerate(('front', 'rear')):
                made.add(unit(rng), stamp_ns=moment * 500_000_000 + number * 10**7,
                         frame_id=name)
        for place in made.places():
            stamps = {p.stamp_ns // 500_000_000 for p in siblings(made, place).values()}
            assert len(stamps) == 1


def test_rankings_merge_by_spatial_score_then_similarity() -> None:
    def entry(number: int, similarity: float, score: float | None) -> Ranked:
        spatial = None if score is None else SpatialEvidence(score, 10)
        return Place(number, 1, number), similarity, spatial

    ranking = merged([[entry(1, 0.9, 0.2), entry(2, 0.8, None)], [entry(3, 0.1, 0.5)]])
    assert [place.place_id for place, _, _ in ranking] == [3, 1, 2]
