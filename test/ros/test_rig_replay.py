# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A rendered robot with front and rear cameras: bag tools answer what the node answers."""

from __future__ import annotations

from pathlib import Path

from building.rig_bags import moments, write_rig
import numpy as np
import pytest

from vpr_ros.assembly import model_of, open_recognizer
from vpr_ros.building import BagTopics, build_map, Cameras, moments_of
from vpr_ros.evaluation.replay import replay
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros.node_evaluation import replay_through_node
from vpr_ros.settings import Settings
from vpr_ros.world import Camera, Drive, World

CAMERA = Camera(160, 120)
THERE, BACK = range(0, 16, 2), range(1, 12, 2)


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a street driven there and, in the other lane, back."""
    world, seen = World(seed=301, scale=0.7), []
    for indices, options in (
            (THERE, {'seed': 1, 'length_m': 60.0}),
            (BACK, {'seed': 3, 'length_m': 50.0, 'start_m': 55.0, 'reverse': True,
                    'start_stamp_ns': 1_800_000_000_000_000_000})):
        seen += moments({
            name: Drive(world, rate_hz=2.0, speed_mps=5.0,
                        camera=Camera(160, 120, yaw_deg=yaw), **options)
            for name, yaw in (('front', 0.0), ('rear', 180.0))}, indices)
    return write_rig(tmp_path_factory.mktemp('rig') / 'drive', seen, CAMERA, depth=True)


def test_the_node_the_replay_and_the_map_builder_agree(
    domain: None, bag: Path, model: str, tmp_path: Path
) -> None:
    settings = Settings(
        model=model, cameras=['front:0', 'rear:180'], relative_pose=True, provider='cpu',
        threads=1, min_probability=0.0, min_sequence_support=0.0, recent_distance_m=20.0)
    live = replay_through_node(bag, settings, None, map_path=tmp_path / 'node.vprmap')
    cameras = Cameras(settings)
    recognizer = open_recognizer(settings)
    recognizer.use_rig(cameras.set.rig.yaw_rad)
    offline = replay(moments_of(bag, BagTopics(), cameras), recognizer, None, jobs=2)
    rows = [[{key: row[key] for key in (
        'stamp_ns', 'reason', 'match_stamp_ns', 'probability', 'similarity')}
        for row in result.to_json()['results']] for result in (live, offline)]
    assert len(rows[0]) == len(THERE) + len(BACK)
    assert rows[0] == [dict(row, probability=pytest.approx(row['probability'], abs=1e-5),
                            similarity=row['similarity'] and pytest.approx(
                                row['similarity'], abs=1e-5)) for row in rows[1]]
    frames = {verdict.recognition.frame_id for verdict in offline.verdicts}
    assert frames == {'front_optical', 'rear_optical'}
    assert any(verdict.recognition.accepted for verdict in offline.verdicts)

    build_map([bag], tmp_path / 'built.vprmap', model_of(settings), settings)
    with PlaceMap.open(tmp_path / 'node.vprmap', read_only=True) as one, PlaceMap.open(
            tmp_path / 'built.vprmap', read_only=True) as other:
        assert len(one) == 2 * len(rows[0])  # both cameras of every moment
        for a, b in zip(one.places(), other.places(), strict=True):
            assert (a.stamp_ns, a.frame_id, a.pose, a.revisit_of) == (
                b.stamp_ns, b.frame_id, b.pose, b.revisit_of)
            np.testing.assert_allclose(one.descriptor(a.place_id), other.descriptor(b.place_id),
                                       atol=1e-3)
            features = one.local_features(a.place_id)
            assert len(features) > 1000 and features == other.local_features(b.place_id)


def test_topics_are_found_by_the_cameras_names_or_named(bag: Path) -> None:
    settings = Settings(cameras=['front:0', 'rear:180'])
    named = BagTopics(image='rear:=/rear/image_raw front:=/front/image_raw')
    for topics in (BagTopics(), named):
        stamps = [[f.stamp_ns for f in views]
                  for views in moments_of(bag, topics, Cameras(settings))]
        assert len(stamps) == len(THERE) + len(BACK) and {len(s) for s in stamps} == {2}
    from vpr_ros.errors import ConfigError, DataError

    for cameras, topics, words in (
        (['front:0', 'side:90'], BagTopics(), 'which images camera side took'),
        (['front:0', 'rear:180'], BagTopics(image='/front/image_raw'), 'write NAME:=TOPIC'),
        (['front:0', 'rear:180'], BagTopics(image='front:=/none'), 'has no topic /none'),
    ):
        with pytest.raises((ConfigError, DataError), match=words):
            list(moments_of(bag, topics, Cameras(Settings(cameras=cameras))))
