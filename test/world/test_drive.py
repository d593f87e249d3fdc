# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures: the same each time, right in depth, and as bright as the hour."""

from __future__ import annotations

import numpy as np
import pytest

from vpr_ros.world import Camera, Conditions, Drive, World
from vpr_ros.world.camera import rotation_of
from vpr_ros.world.covisibility import points_of, static_depth


def test_the_same_seed_gives_the_same_bytes(small):
    pictures = []
    for _ in range(2):
        drive = Drive(World(seed=8, kind='corridor', scale=0.7), Conditions.dusk(), seed=4,
                      camera=small)
        pictures.append([drive.frame(index).image.tobytes() for index in (0, 9)])
    assert pictures[0] == pictures[1]


def test_random_access_equals_iteration(town, small):
    drive = Drive(town, Conditions.rain(), rate_hz=1.0, camera=small, length_m=20.0)
    frames = list(drive)
    assert len(frames) == len(drive)
    for index in (len(drive) - 1, 0, 2):
        again = drive.frame(index)
        assert np.array_equal(again.image, frames[index].image)
        assert np.array_equal(again.depth, frames[index].depth)
        assert again.pose == frames[index].pose and again.stamp_ns == frames[index].stamp_ns
    assert drive.frame(-1).index == len(drive) - 1
    with pytest.raises(IndexError):
        drive.frame(len(drive))


def test_frames_have_the_promised_types(town):
    frame = Drive(town, camera=Camera(96, 64)).frame(3)
    assert frame.image.shape == (64, 96, 3) and frame.image.dtype == np.uint8
    assert frame.depth.shape == (64, 96) and frame.depth.dtype == np.float32
    assert frame.pose.frame_id == 'map' and frame.camera_pose.frame_id == 'map'
    assert frame.odometry.frame_id == 'odom'
    assert frame.camera_pose.position_m[2] == pytest.approx(1.2)


def test_other_traffic_changes_the_picture_but_not_the_houses(town, small):
    one = Drive(town, Conditions.day(1), camera=small)
    two = Drive(town, Conditions.day(2), camera=small)
    changed = 0
    for index in range(0, len(one), 60):
        first, second = one.frame(index), two.frame(index)
        changed += int(not np.array_equal(first.image, second.image))
        still = static_depth(first.pose, small, town)
        both = [np.isclose(frame.depth, still, rtol=1e-3) & np.isfinite(still)
                for frame in (first, second)]
        # What does not show the static world shows something that stands in front of it.
        for frame, same in zip((first, second), both, strict=True):
            solid = np.isfinite(still)
            assert same[solid].mean() > 0.4
            assert (frame.depth[solid] <= still[solid] * 1.001).all()
    assert changed


@pytest.mark.parametrize('pitch_deg', [0.0, 12.0])
def test_a_pixel_is_found_again_in_the_next_frame(town, pitch_deg):
    """Project every pixel of frame a into frame b: depth and colour agree."""
    camera = Camera(200, 150, pitch_deg=pitch_deg)
    drive = Drive(town, Conditions.overcast(), camera=camera, rate_hz=10.0, start_m=30.0)
    a, b = drive.frame(0), drive.frame(2)
    points = points_of(a.depth, a.camera_pose, camera)
    colours = a.image[np.isfinite(a.depth)].astype(float)
    local = (points - np.asarray(b.camera_pose.position_m)) @ rotation_of(b.camera_pose)
    pixels = local @ camera.matrix.T
    pixels = np.rint(pixels[:, :2] / pixels[:, 2:]).astype(int)
    inside = ((local[:, 2] > 0.3) & (pixels >= 0).all(axis=1)
              & (pixels < (camera.width, camera.height)).all(axis=1))
    column, row = pixels[inside].T
    seen = b.depth[row, column]
    agree = np.abs(seen - local[inside][:, 2]) < 0.05 + 0.03 * local[inside][:, 2]
    assert inside.mean() > 0.6
    assert agree.mean() > 0.85
    difference = np.abs(b.image[row, column].astype(float) - colours[inside]).mean(axis=1)
    shuffled = np.random.default_rng(0).permutation(colours[inside])
    chance = np.abs(b.image[row, column].astype(float) - shuffled).mean(axis=1)
    assert np.median(difference[agree]) < 0.5 * np.median(chance)


def test_the_ground_is_at_the_depth_of_the_ground(town):
    camera = Camera(120, 90)
    frame = Drive(town, camera=camera, lateral_noise_m=0.0).frame(0)
    y = camera.height - 1
    expected = camera.height_m * camera.focal_px / (y - (camera.height - 1) / 2)
    assert np.median(frame.depth[y]) == pytest.approx(expected, rel=0.01)


def brightness(world, conditions, camera):
    drive = Drive(world, conditions, camera=camera)
    return np.mean([drive.frame(index).image.mean()
                    for index in range(0, len(drive), len(drive) // 4)])


def test_conditions_change_the_light_as_they_should(town):
    camera = Camera(96, 72)
    day, dusk, night, rain, snow = (brightness(town, conditions, camera) for conditions in (
        Conditions.day(), Conditions.dusk(), Conditions.night(), Conditions.rain(),
        Conditions.snow()))
    assert night < 0.85 * dusk and dusk < 0.75 * day
    assert night > 12.0
    assert rain < 0.9 * day
    assert snow > day


def test_fog_hides_what_is_far_and_not_what_is_near(town):
    camera = Camera(160, 120)
    clear = Drive(town, Conditions(9.0, 'overcast', 'spring'), camera=camera).frame(0)
    fog = Drive(town, Conditions(9.0, 'fog', 'spring'), camera=camera).frame(0)
    assert np.array_equal(clear.depth, fog.depth)
    far = np.isfinite(clear.depth) & (clear.depth > 45)
    near = clear.depth < 12
    assert fog.image[far].std() < 0.6 * clear.image[far].std()
    assert fog.image[near].std() > 0.6 * clear.image[near].std()


def test_lit_windows_of_a_corridor_follow_the_sun(corridor, small):
    assert (brightness(corridor, Conditions.day(), small)
            > brightness(corridor, Conditions.night(), small) + 4.0)


def test_different_worlds_look_different(corridor, small):
    other = Drive(World(seed=4, kind='corridor', scale=0.7), camera=small)
    here = Drive(corridor, camera=small)
    assert np.abs(other.frame(0).image.astype(int) - here.frame(0).image).mean() > 15.0


def test_the_global_random_state_is_left_alone(corridor, small):
    before = repr(np.random.get_state())
    Drive(corridor, camera=small).frame(0)
    assert repr(np.random.get_state()) == before
