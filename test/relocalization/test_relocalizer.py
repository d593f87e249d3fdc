# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The state that a robot publishes: lost, found, kidnapped, and standing still."""

from __future__ import annotations

from collections.abc import Iterator
import itertools

import numpy as np
import pytest

from vpr_ros.decision.calibration import GENERIC
from vpr_ros.keyframes import NO_IMAGE
from vpr_ros.place_map import ModelIdentity, PlaceMap
from vpr_ros.relocalization import Localization, Relocalizer
from vpr_ros.settings import Settings
from vpr_ros.types import Frame

DIM, PLACES, STEP_M = 64, 60, 2.0
SECOND = 1_000_000_000


@pytest.fixture
def place_map() -> Iterator[PlaceMap]:
    """Make a map of 120 metres; every place looks like nothing else."""
    rng = np.random.default_rng(3)
    with PlaceMap.create(':memory:', ModelIdentity('example', 'ab12', DIM)) as made:
        for number in range(PLACES):
            vector = rng.standard_normal(DIM).astype(np.float32)
            made.add(vector / np.linalg.norm(vector), stamp_ns=number * SECOND,
                     travelled_m=STEP_M * number)
        yield made


class Robot:
    """Drives over the places of a map; what it sees is a noisy form of them."""

    def __init__(self, place_map: PlaceMap, **settings: float) -> None:
        self.map, self.relocalizer = place_map, Relocalizer(place_map, GENERIC)
        self.settings = Settings(**settings)
        self.travelled_m, self.rng = 500.0, np.random.default_rng(8)

    def see(self, descriptor: np.ndarray | None, moved_m: float = STEP_M) -> Localization:
        self.travelled_m += moved_m
        found = [] if descriptor is None else [
            (n.place, n.similarity) for n in self.map.search(descriptor, 100)]
        frame = Frame(NO_IMAGE, int(self.travelled_m * SECOND), 'camera',
                      travelled_m=self.travelled_m)
        return self.relocalizer.step(frame, found, self.settings)

    def at(self, place_id: int, moved_m: float = STEP_M) -> Localization:
        plain = self.map.descriptor(place_id) + 0.08 * self.rng.standard_normal(DIM)
        plain = plain.astype(np.float32)
        return self.see(plain / np.linalg.norm(plain), moved_m)

    def nowhere(self, moved_m: float = STEP_M) -> Localization:
        vector = self.rng.standard_normal(DIM).astype(np.float32)
        return self.see(vector / np.linalg.norm(vector), moved_m)


def test_confidence_grows_with_motion_until_the_place_is_found(place_map: PlaceMap) -> None:
    robot = Robot(place_map)
    told = [robot.at(20 + n) for n in range(8)]
    assert told[0].lost and not told[-1].lost
    assert told[-1].probability > told[1].probability > told[0].probability
    assert told[-1].place is not None and abs(told[-1].place.place_id - 27) <= 1
    assert told[-1].direction == 1 and told[-1].evidence == 8
    assert told[-1].spread <= robot.settings.neighbourhood_m


def test_driving_the_other_way_around_is_told(place_map: PlaceMap) -> None:
    robot = Robot(place_map)
    told = [robot.at(40 - n) for n in range(8)]
    assert not told[-1].lost and told[-1].direction == -1


def test_standing_still_is_no_further_evidence(place_map: PlaceMap) -> None:
    robot = Robot(place_map)
    told = [robot.at(20, moved_m=0.0) for _ in range(20)]
    assert {t.evidence for t in told} == {1}
    assert {t.probability for t in told} == {told[0].probability}
    assert told[-1].lost


def test_lost_has_hysteresis(place_map: PlaceMap) -> None:
    robot = Robot(place_map, found_probability=0.9, lost_probability=0.3)
    told = [robot.at(10 + n) for n in range(12)]
    told += [robot.nowhere() for _ in range(25)]
    told += [robot.at(10 + n) for n in range(12)]
    for before, after in itertools.pairwise(told):
        assert after.lost == (after.probability < (0.9 if before.lost else 0.3))
    changes = [t.lost for t, u in itertools.pairwise(told) if t.lost != u.lost]
    assert changes == [True, False, True]  # lost -> found -> lost -> found
    assert any(0.3 <= t.probability < 0.9 and not t.lost for t in told)


def test_a_kidnapped_robot_finds_its_new_place(place_map: PlaceMap) -> None:
    robot = Robot(place_map)
    for n in range(10):
        robot.at(5 + n)
    told = [robot.at(40 + n) for n in range(12)]
    assert told[-1].place is not None and abs(told[-1].place.place_id - 51) <= 1
    assert not told[-1].lost
    wrong = [t for n, t in enumerate(told)
             if not t.lost and t.place and abs(t.place.place_id - 40 - n) > 3]
    assert len(wrong) <= 4  # until the old place is given up


def test_blank_images_carry_the_belief_along(place_map: PlaceMap) -> None:
    robot = Robot(place_map)
    for n in range(10):
        robot.at(5 + n)
    told = [robot.see(None) for _ in range(5)]
    assert told[-1].place is not None and abs(told[-1].place.place_id - 19) <= 1
    assert told[-1].probability < told[0].probability


def test_an_empty_map_leaves_the_robot_lost() -> None:
    with PlaceMap.create(':memory:', ModelIdentity('example', 'ab12', DIM)) as empty:
        told = Robot(empty).nowhere()
        assert told.lost and told.place is None and told.elsewhere == 1.0


def test_a_reset_forgets(place_map: PlaceMap) -> None:
    robot = Robot(place_map)
    for n in range(10):
        robot.at(5 + n)
    robot.relocalizer.reset()
    assert robot.at(15).lost
