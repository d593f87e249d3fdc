# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rendered street driven there and back: one camera finds nothing, front and rear find loops."""

from __future__ import annotations

from functools import cache
import math

import pytest

from vpr_ros.assembly import model_of, open_recognizer
from vpr_ros.cameras.rig import parse_cameras, Rig
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Recognition
from vpr_ros.world import Camera, Conditions, Drive, DriveFrame, World

WORDS = ('front:0', 'rear:180')
THERE_M, BACK_M = 110.0, 80.0


@cache
def drives() -> tuple[dict[str, Drive], dict[str, Drive]]:
    """Draw the way there and the way back in the other lane, by camera."""
    world = World(seed=301)
    made = []
    for options in ({'seed': 1, 'length_m': THERE_M},
                    {'seed': 3, 'length_m': BACK_M, 'start_m': THERE_M - 5.0, 'reverse': True,
                     'start_stamp_ns': 1_800_000_000_000_000_000}):
        made.append({
            name: Drive(world, Conditions(), rate_hz=2.0, speed_mps=5.0,
                        camera=Camera(320, 240, yaw_deg=yaw), **options)
            for name, yaw in (('front', 0.0), ('rear', 180.0))
        })
    return made[0], made[1]


@cache
def shot(back: int, name: str, index: int) -> DriveFrame:
    """One frame, drawn once."""
    return drives()[back][name].frame(index)


def run(cameras: tuple[str, ...]) -> tuple[list[tuple[Recognition, float]], Rig]:
    """Every frame of the way back with its distance to the best match's true position, metres."""
    settings = Settings(provider='cpu', threads=1, thumbnail_width_px=0)
    recognizer = open_recognizer(settings, model=model_of(settings))
    rig = Rig(parse_cameras(WORDS))
    for name in cameras:
        rig.learn(name, name)
    if len(cameras) > 1:
        recognizer.use_rig(rig.yaw_rad)
    positions, found = {}, []
    for back, drive in enumerate(drives()):
        if back:
            recognizer.reset()
        for index in range(len(drive['front'])):
            shots = {name: shot(back, name, index) for name in cameras}
            frames = [Frame(s.image, s.stamp_ns, name, s.odometry, s.travelled_m)
                      for name, s in shots.items()]
            recognition = recognizer.process_views(frames)
            pose = drive['front'].pose(index)
            positions[frames[0].stamp_ns] = pose
            if back and recognition.best is not None:
                place = positions[recognition.best.place.stamp_ns]
                found.append((recognition, pose.distance_m(place)))
    return found, rig


def test_the_way_back_is_recognised_through_the_rear_camera() -> None:
    alone, _ = run(('front',))
    both, rig = run(('front', 'rear'))
    accepted = [(r, metres) for r, metres in both if r.accepted]
    print(f'front alone: {sum(r.accepted for r, _ in alone)} of {len(alone)} frames accepted; '
          f'front and rear: {len(accepted)} of {len(both)}')
    assert not any(recognition.accepted for recognition, _ in alone)
    assert len(accepted) >= 5
    assert max(metres for _, metres in accepted) < 15.0
    for recognition, _ in accepted:
        assert recognition.best is not None
        match = recognition.best.place.frame_id
        assert {recognition.frame_id, match} == {'front', 'rear'}
        assert rig.match_yaw_rad(recognition.frame_id, match) == pytest.approx(math.pi)


def test_every_camera_of_a_keyframe_becomes_a_place() -> None:
    settings = Settings(provider='cpu', threads=1, thumbnail_width_px=0)
    recognizer = open_recognizer(settings, model=model_of(settings))
    drive = drives()[0]
    for index in (0, 1, 2):
        recognizer.process_views([
            Frame(shot(0, name, index).image, drive[name].stamp_ns(index), name,
                  drive[name].odometry(index), drive[name].travelled_m(index))
            for name in ('front', 'rear')])
    places = recognizer.place_map.places()
    assert [place.frame_id for place in places] == ['front', 'rear'] * 3
    assert all(a.travelled_m == b.travelled_m and a.stamp_ns == b.stamp_ns
               for a, b in zip(places[::2], places[1::2], strict=True))
