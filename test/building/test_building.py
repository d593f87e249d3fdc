# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Maps from every kind of source, in parallel, and what a failed or cancelled build leaves."""

from __future__ import annotations

from pathlib import Path

from building.build_helpers import content, image_folder, SETTINGS
import cv2
from helpers import place_image, tiny_model
import numpy as np
import pytest

from vpr_ros.bags import BagWriter
from vpr_ros.building import build_map, count_frames, frames_of
from vpr_ros.errors import ConfigError, DataError, MapError
from vpr_ros.images.video import VideoFile
from vpr_ros.model import load_model, Model
from vpr_ros.types import Pose


@pytest.fixture(scope='module')
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(str(tiny_model(tmp_path_factory.mktemp('model'))), provider='cpu')


def write_bag(path: Path, storage: str, places: range, start_s: int = 50) -> Path:
    with BagWriter(path, storage=storage) as bag:
        for step, place in enumerate(places):
            stamp_ns = (start_s + step) * 1_000_000_000
            bag.odometry('/odom', stamp_ns, 'odom', 'base', Pose((2.0 * step, 0.0, 0.0)))
            bag.compressed_image('/camera/image/compressed', stamp_ns, 'camera',
                                 place_image(place), quality=90)
    return path


def write_video(path: Path, places: range) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 2.0, (128, 96))
    assert writer.isOpened()
    for place in places:
        writer.write(place_image(place)[:, :, ::-1])
    writer.release()
    return path


@pytest.mark.parametrize('workers', [1, 3])
def test_several_sources_of_every_kind_become_one_map(
    tmp_path: Path, model: Model, workers: int
) -> None:
    sources = [
        write_bag(tmp_path / 'first', 'mcap', range(5)),
        write_bag(tmp_path / 'second', 'sqlite3', range(100, 104)),
        write_video(tmp_path / 'drive.avi', range(200, 206)),
        image_folder(tmp_path / 'pictures', range(300, 303)),
    ]
    data_set = tmp_path / 'set'
    image_folder(data_set / 'database', range(400, 402))
    info = build_map([*sources, data_set], tmp_path / 'all.vprmap', model, SETTINGS,
                     workers=workers)
    sessions, places = content(tmp_path / 'all.vprmap')
    assert [name for name, _ in sessions] == ['first', 'second', 'drive.avi', 'pictures', 'set']
    assert [count for _, count in sessions] == [5, 4, 6, 3, 2]
    assert info.places == 20 and not list(tmp_path.glob('.*'))
    for place, descriptor in places[:5]:  # a bag's frames, described as they would be alone
        assert place.pose is not None
        number = round(place.pose.position_m[0] / 2)
        alone = next(f for f in frames_of(sources[0]) if f.stamp_ns == (50 + number) * 10**9)
        plain = model.describe(alone.image).global_descriptor
        np.testing.assert_allclose(descriptor, plain, atol=2e-3)


@pytest.mark.parametrize('mode', ['file', 'message'])
def test_compressed_bags(tmp_path: Path, model: Model, mode: str) -> None:
    from rosbags.rosbag2 import (
        CompressionFormat,
        CompressionMode,
        Reader,
        StoragePlugin,
        Writer,
    )
    from rosbags.typesys import get_typestore, Stores

    plain = write_bag(tmp_path / 'plain', 'sqlite3', range(6))
    store = get_typestore(Stores.ROS2_HUMBLE)
    writer = Writer(tmp_path / 'compressed', version=9, storage_plugin=StoragePlugin.SQLITE3)
    writer.set_compression(CompressionMode[mode.upper()], CompressionFormat.ZSTD)
    with Reader(plain) as reader, writer:
        made = {c.topic: writer.add_connection(c.topic, c.msgtype, typestore=store)
                for c in reader.connections}
        for connection, stamp_ns, raw in reader.messages():
            writer.write(made[connection.topic], stamp_ns, raw)
    build_map([tmp_path / 'compressed'], tmp_path / 'a.vprmap', model, SETTINGS)
    build_map([plain], tmp_path / 'b.vprmap', model, SETTINGS)
    compressed, uncompressed = (content(tmp_path / f'{name}.vprmap')[1] for name in 'ab')
    assert [place for place, _ in compressed] == [place for place, _ in uncompressed]
    assert len(compressed) == 6


def test_a_video_gives_its_frames_with_the_times_of_the_file(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'v.avi', range(5))
    frames = list(VideoFile(path).frames())
    assert [frame.stamp_ns for frame in frames] == [
        1_000_000_000 + i * 500_000_000 for i in range(5)]
    assert len(VideoFile(path)) == count_frames(path) == 5
    for number, frame in enumerate(frames):
        error = np.abs(frame.image.astype(int) - place_image(number)).mean()
        assert error < 12  # JPEG
    later = list(VideoFile(path).frames(skip=3))
    assert [f.stamp_ns for f in later] == [f.stamp_ns for f in frames[3:]]
    np.testing.assert_array_equal(later[0].image, frames[3].image)


def test_what_is_no_video_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / 'broken.mp4').write_bytes(b'nothing of a film' * 100)
    with pytest.raises(DataError, match=r'broken.mp4 cannot be read'):
        list(frames_of(tmp_path / 'broken.mp4'))
    with pytest.raises(DataError, match='does not exist'):
        VideoFile(tmp_path / 'none.mp4')


def test_a_cancelled_build_leaves_nothing(tmp_path: Path, model: Model) -> None:
    folder, seen = image_folder(tmp_path / 'pictures', range(30)), []
    with pytest.raises(MapError, match='was cancelled; nothing was written'):
        build_map([folder], tmp_path / 'm.vprmap', model, SETTINGS,
                  progress=lambda done, total, stage: seen.append((done, total)),
                  cancelled=lambda: len(seen) > 10)
    assert seen[0] == (0, 30) and seen == sorted(seen)
    assert [path.name for path in tmp_path.iterdir()] == ['pictures']


def test_bad_sources_leave_nothing_and_never_harm_an_older_map(
    tmp_path: Path, model: Model
) -> None:
    folder = image_folder(tmp_path / 'pictures', range(8))
    build_map([folder], tmp_path / 'm.vprmap', model, SETTINGS)
    before = content(tmp_path / 'm.vprmap')
    (folder / '0005.png').write_bytes(b'no picture')
    with pytest.raises(DataError, match=r'0005\.png cannot be read'):
        build_map([folder], tmp_path / 'm.vprmap', model, SETTINGS, overwrite=True)
    assert [p for p, _ in content(tmp_path / 'm.vprmap')[1]] == [p for p, _ in before[1]]
    assert not list(tmp_path.glob('.*'))
    with pytest.raises(MapError, match='exists; choose another name'):
        build_map([folder], tmp_path / 'm.vprmap', model, SETTINGS)
    with pytest.raises(ConfigError, match='0 workers found'):
        build_map([folder], tmp_path / 'n.vprmap', model, SETTINGS, workers=0)
