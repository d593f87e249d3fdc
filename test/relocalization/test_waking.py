# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A robot wakes up at dusk in a map of the day, and in a town that it has no map of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from vpr_ros.assembly import model_of, open_recognizer
from vpr_ros.evaluation.waking import summary, wake, Waking
from vpr_ros.model import Model
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.relocalization import Localization
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Pose
from vpr_ros.world import Camera, Conditions, Drive, World

SETTINGS = Settings(provider='cpu', threads=1, thumbnail_width_px=0)
CAMERA = Camera(320, 240)
SAME_PLACE_M = 8.0


@cache
def model() -> Model:
    return model_of(SETTINGS)


def drive(seed: int, town: int, conditions: Conditions, metres: float, start_m: float) -> Drive:
    return Drive(World(seed=town), conditions, seed=seed, rate_hz=2.0, speed_mps=5.0,
                 camera=CAMERA, length_m=metres, start_m=start_m,
                 start_stamp_ns=10**18 * (1 + seed))


def frames_of(made: Drive) -> list[Frame]:
    return [Frame(f.image, f.stamp_ns, 'camera', f.odometry, f.travelled_m) for f in made]


@pytest.fixture(scope='module')
def mapped() -> Iterator[tuple[PlaceRecognizer, dict[int, Pose]]]:
    """Return a recogniser in a map of the day, and where each stamp of the map was."""
    made = drive(1, 301, Conditions(), 160.0, 0.0)
    mapper = open_recognizer(SETTINGS, model=model())
    for frame in frames_of(made):
        mapper.process(frame)
    localizer = PlaceRecognizer(model(), mapper.place_map, SETTINGS, mapping=False)
    localizer.relocalize()
    yield localizer, {made.stamp_ns(i): made.pose(i) for i in range(len(made))}
    mapper.place_map.close()


def wakings(
    mapped: tuple[PlaceRecognizer, dict[int, Pose]], made: Drive, starts: list[int]
) -> list[Waking]:
    recognizer, poses = mapped
    frames = frames_of(made)

    def right(number: int, found: Localization) -> bool:
        assert found.place is not None
        return made.pose(number).distance_m(poses[found.place.stamp_ns]) <= SAME_PLACE_M

    return wake(recognizer, frames, [recognizer.describe(frame.image) for frame in frames],
                starts=starts, right=right, most_m=50.0)


def test_the_robot_finds_its_place_within_seconds(
    mapped: tuple[PlaceRecognizer, dict[int, Pose]]
) -> None:
    made = drive(2, 301, Conditions.dusk(), 110.0, 25.0)
    found = wakings(mapped, made, list(range(0, 30, 2)))
    print(summary(found))
    assert sum(waking.found_s is not None for waking in found) >= 12
    assert all((waking.found_m or 0.0) <= 40.0 for waking in found)
    confident = sum(waking.confident for waking in found)
    assert sum(waking.false for waking in found) <= 0.05 * confident


def test_in_an_unknown_town_the_robot_stays_lost(
    mapped: tuple[PlaceRecognizer, dict[int, Pose]]
) -> None:
    found = wakings(mapped, drive(3, 302, Conditions(), 70.0, 0.0), list(range(0, 20, 4)))
    print(summary(found))
    assert sum(waking.false for waking in found) == 0
