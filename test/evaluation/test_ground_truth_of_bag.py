# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth from a bag's own topics and from files beside it; a whole replay of a bag."""

from __future__ import annotations

from evaluation.scenes import PLACES, S, two_laps
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.bags import BagReader, BagWriter
from vpr_ros.errors import DataError
from vpr_ros.evaluation.ground_truth_of_bag import ground_truth_of_bag, RENDERED_TOPIC
from vpr_ros.evaluation.replay import replay
from vpr_ros.settings import Settings


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    path = tmp_path_factory.mktemp('bags') / 'two_laps'
    with BagWriter(path) as writer:
        for frame in two_laps():
            writer.odometry('/odom', frame.stamp_ns, 'odom', 'base_link', frame.pose)
            writer.pose(RENDERED_TOPIC, frame.stamp_ns, frame.pose)
            writer.image('/camera/image_raw', frame.stamp_ns, 'camera', frame.image)
    return path


@pytest.mark.parametrize('source', [None, '/odom', RENDERED_TOPIC])
def test_topics(bag, source) -> None:
    truth = ground_truth_of_bag(bag, source, radius_m=1.0)
    assert truth.is_same_place(S, (PLACES + 1) * S) is True
    assert truth.is_same_place(S, 5 * S) is False
    assert truth.heading_change_deg(S, (1 + PLACES // 2) * S) == pytest.approx(180, abs=0.1)


def test_laps_are_numbered_by_the_images_of_the_bag(bag, tmp_path) -> None:
    rows = [f'{i},{1 + i // PLACES},{i % PLACES}' for i in range(2 * PLACES)]
    path = tmp_path / 'laps.csv'
    path.write_text('frame,lap,lap1_equivalent_frame\n' + '\n'.join(rows) + '\n')
    truth = ground_truth_of_bag(bag, str(path), tolerance_frames=0)
    assert truth.needs_frames is False
    assert truth.is_same_place(3 * S, (PLACES + 3) * S) is True
    assert truth.is_same_place(3 * S, (PLACES + 4) * S) is False


def test_a_bag_without_ground_truth(tmp_path) -> None:
    with BagWriter(tmp_path / 'plain') as writer:
        writer.image('/camera/image_raw', S, 'camera', two_laps()[0].image)
    assert ground_truth_of_bag(tmp_path / 'plain', None) is None
    with pytest.raises(DataError, match='neither a file nor a topic'):
        ground_truth_of_bag(tmp_path / 'plain', '/odom')
    with pytest.raises(DataError, match='camera/image_raw'):
        ground_truth_of_bag(tmp_path / 'plain', '/camera/image_raw')


def test_a_bag_is_replayed(bag, model) -> None:
    settings = Settings(recent_distance_m=10.0, min_probability=0.5, sequence_window_m=10.0)
    truth = ground_truth_of_bag(bag, None, radius_m=2.5)
    with BagReader(bag) as reader:
        result = replay(reader.frames(), open_recognizer(settings, model=model), truth,
                        bag=bag.name, total=reader.image_count)
    closures = result.to_json()['loop_closures']
    assert closures['precision'] == 1.0
    assert closures['recall'] >= 0.8
