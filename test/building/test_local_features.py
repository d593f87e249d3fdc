# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A map that was built from a bag gives metric relative poses, from depth images or a pair."""

from __future__ import annotations

import math
from pathlib import Path

from building.rig_bags import moments, write_rig
from helpers import tiny_model
import numpy as np
import pytest

from vpr_ros.building import BagTopics, build_map
from vpr_ros.errors import ConfigError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import extract, Features
from vpr_ros.geometry.relative_pose import relative_pose
from vpr_ros.geometry.rigid import angle_between, Transform
from vpr_ros.model import load_model, Model
from vpr_ros.place_map import PlaceMap
from vpr_ros.settings import Settings
from vpr_ros.world import Camera, Conditions, Drive, World

SHOWN = (10, 40, 70, 100)
BASELINE_M = 0.2
LEFT, RIGHT = Camera(), Camera(right_m=BASELINE_M)
SETTINGS = Settings(context_keyframes=0, keyframe_distance_m=1.0, relative_pose=True)


@pytest.fixture(scope='module')
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(str(tiny_model(tmp_path_factory.mktemp('model'))), provider='cpu')


@pytest.fixture(scope='module')
def world() -> World:
    return World(seed=3, scale=0.7)


@pytest.mark.parametrize('kind', ['depth', 'stereo'])
def test_relative_poses_to_a_map_built_from_a_bag(
    tmp_path: Path, model: Model, world: World, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cameras = {'left': LEFT, 'right': RIGHT} if kind == 'stereo' else {'front': LEFT}
    drives = {name: Drive(world, Conditions.day(), seed=1, rate_hz=2.0, camera=camera)
              for name, camera in cameras.items()}
    seen = moments(drives, SHOWN)
    bag = write_rig(tmp_path / 'drive', seen, LEFT, depth=kind == 'depth',
                    baseline_m=BASELINE_M if kind == 'stereo' else 0.0)
    info = build_map([bag], tmp_path / 'm.vprmap', model,
                     SETTINGS.replace(stereo=kind == 'stereo'))
    assert info.places == len(SHOWN) and not info.has_patches

    driven = Drive(world, Conditions.overcast(traffic_seed=2), seed=2, rate_hz=2.0)
    where = np.array([driven.pose(index).position_m for index in range(len(driven))])
    lens = CameraModel.of(width=LEFT.width, height=LEFT.height, k=LEFT.matrix.ravel())
    metres, degrees = [], []
    with PlaceMap.open(tmp_path / 'm.vprmap', read_only=True) as place_map:
        for place, moment in zip(place_map.places(), seen, strict=True):
            match = next(iter(moment.values()))
            assert place.stamp_ns == match.stamp_ns
            near = np.linalg.norm(where - match.pose.position_m, axis=1).argmin()
            query = driven.frame(int(near))
            stored = Features.from_bytes(place_map.local_features(place.place_id))
            assert np.isfinite(stored.depth_m).sum() > 100
            found = relative_pose(extract(query.image, lens, most=500), stored)
            if found.query_T_match is None:
                continue
            assert found.metric, found.text
            true = (Transform.of_pose(query.camera_pose).inverse()
                    @ Transform.of_pose(match.camera_pose))
            metres.append(np.linalg.norm(
                found.query_T_match.translation_m - true.translation_m))
            degrees.append(math.degrees(
                angle_between(found.query_T_match.rotation, true.rotation)))
    with capsys.disabled():
        print(f'\nbuilt from a bag, {kind}: {len(metres)} of {len(SHOWN)} pairs, median '
              f'{np.median(metres):.3f} m, {np.median(degrees):.2f} degrees')
    assert len(metres) >= 3 and np.median(metres) < 0.1 and np.median(degrees) < 1.0


def test_a_bag_without_calibration_is_one_sentence(
    tmp_path: Path, model: Model, world: World
) -> None:
    drive = Drive(world, Conditions.day(), seed=1, rate_hz=2.0, camera=Camera(64, 48))
    bag = write_rig(tmp_path / 'drive', moments({'front': drive}, (1,)), Camera(64, 48))
    for settings in (SETTINGS, SETTINGS.replace(relative_pose=False, rectify=True)):
        with pytest.raises(ConfigError, match=r'has no /cam/camera_info; name it with'):
            build_map([_renamed(bag, tmp_path)], tmp_path / 'm.vprmap', model, settings)
    with pytest.raises(ConfigError, match='name it with --right-topic'):
        build_map([bag], tmp_path / 'm.vprmap', model, SETTINGS.replace(stereo=True))
    assert not (tmp_path / 'm.vprmap').exists()
    info = build_map([_renamed(bag, tmp_path)], tmp_path / 'm.vprmap', model, SETTINGS,
                     topics=BagTopics(camera_info='/front/camera_info'))
    assert info.places == 1


def _renamed(bag: Path, folder: Path) -> Path:
    """Copy a bag with its images on a topic that has no camera_info beside it."""
    from vpr_ros.bags import BagReader, BagWriter
    from vpr_ros.bags.message_types import deserialize

    path = folder / 'renamed'
    if not path.exists():
        with BagReader(bag) as reader, BagWriter(path) as writer:
            for message in reader.messages():
                topic = message.topic.replace('/front/image_raw', '/cam/image_raw')
                writer.write(topic, deserialize(message.raw, message.type), message.log_time_ns)
    return path
