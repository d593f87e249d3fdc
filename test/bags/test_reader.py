# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from functools import cache
from pathlib import Path
import shutil
from tempfile import TemporaryDirectory
import tracemalloc
from typing import Any

from helpers import place_image
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from vpr_ros.bags import BagReader, BagWriter, is_bag, TopicInfo
from vpr_ros.bags.message_types import header, make, serialize, typestore
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.types import Pose

S = 1_000_000_000
STORAGES = ('mcap', 'sqlite3')
SUFFIX = {'mcap': '.mcap', 'sqlite3': '.db3'}
IMAGE_TOPIC = '/camera/image_raw'


def write_drive_of(path: Path, storage: str = 'mcap', *, images: int = 10, first: int = 0) -> Path:
    """Images at 10 Hz, odometry at 40 Hz between them, 1 m/s along x."""
    with BagWriter(path, storage=storage) as bag:
        for i in range(first, first + images):
            stamp_ns = S + i * S // 10
            for j in range(4):
                time_ns = stamp_ns + (2 * j + 1) * S // 80 - S // 20
                bag.odometry('/odom', time_ns, 'odom', 'base', Pose((time_ns / S, 0, 0)))
            bag.image(IMAGE_TOPIC, stamp_ns, 'camera', place_image(i))
    return path


@pytest.fixture(scope='module', params=STORAGES)
def drive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_drive_of(tmp_path_factory.mktemp(request.param) / 'drive', request.param)


def read_images(path: Path | list[Path], **options) -> list[np.ndarray]:
    with BagReader(path, **options) as reader:
        return [image.rgb for image in reader.images() if image.rgb is not None]


def assert_all_places(images: list[np.ndarray], count: int = 10) -> None:
    assert len(images) == count
    for i, image in enumerate(images):
        np.testing.assert_array_equal(image, place_image(i))


def test_topics_duration_and_images(drive: Path) -> None:
    with BagReader(drive) as reader:
        assert reader.topics() == (TopicInfo(IMAGE_TOPIC, 'sensor_msgs/msg/Image', 10),
                                   TopicInfo('/odom', 'nav_msgs/msg/Odometry', 40))
        assert reader.duration_s == pytest.approx(0.975)
        assert (reader.image_topic, reader.image_count) == (IMAGE_TOPIC, 10)
        images = list(reader.images())
        assert [image.stamp_ns for image in images] == [S + i * S // 10 for i in range(10)]
        assert {(image.frame_id, image.topic) for image in images} == {('camera', IMAGE_TOPIC)}
        assert all(image.error is None for image in images)
        assert_all_places([image.rgb for image in images if image.rgb is not None])


def test_frames_carry_the_pose_at_their_stamp(drive: Path) -> None:
    with BagReader(drive) as reader:
        frames = list(reader.frames())
    assert_all_places([frame.image for frame in frames])
    for frame in frames:
        assert frame.pose is not None and frame.travelled_m is not None
        assert frame.pose.position_m[0] == pytest.approx(frame.stamp_ns / S, abs=1e-9)
        assert frame.pose.frame_id == 'odom' and frame.frame_id == 'camera'
    distances = [frame.travelled_m or 0.0 for frame in frames]
    assert distances == sorted(distances) and distances[-1] == pytest.approx(0.9, abs=0.11)


def test_frames_without_odometry_have_no_pose(drive: Path) -> None:
    with BagReader(drive) as reader:
        frames = list(reader.frames(odometry_topic=''))
    assert len(frames) == 10 and all(f.pose is None and f.travelled_m is None for f in frames)


def test_poses_and_odometry_are_the_same(drive: Path) -> None:
    with BagReader(drive) as reader:
        poses = list(reader.poses('/odom'))
        assert poses == list(reader.odometry()) == list(reader.odometry('/odom'))
    assert len(poses) == 40
    assert poses[0].pose.position_m[0] == pytest.approx(poses[0].stamp_ns / S)


def test_raw_messages_come_by_log_time_with_their_type(drive: Path) -> None:
    with BagReader(drive) as reader:
        times = [message.log_time_ns for message in reader.messages()]
        assert len(times) == 50 and times == sorted(times)
        (topic, _, raw, kind) = next(reader.messages(['/odom']))
        assert (topic, kind, type(raw)) == ('/odom', 'nav_msgs/msg/Odometry', bytes)


def test_a_bare_file_and_a_folder_without_metadata(drive: Path, tmp_path: Path) -> None:
    file = next(path for path in drive.iterdir() if path.suffix in ('.mcap', '.db3'))
    assert is_bag(file) and is_bag(drive)
    assert_all_places(read_images(file))
    (tmp_path / 'crashed').mkdir()
    shutil.copy(file, tmp_path / 'crashed')
    assert is_bag(tmp_path / 'crashed')
    assert_all_places(read_images(tmp_path / 'crashed'))


@pytest.mark.parametrize('storage', STORAGES)
def test_several_bags_are_parts_of_one_recording(tmp_path: Path, storage: str) -> None:
    first = write_drive_of(tmp_path / 'a', storage, images=4)
    second = write_drive_of(tmp_path / 'b', storage, images=6, first=4)
    assert_all_places(read_images([first, second]))
    assert_all_places(read_images([second, first]))


@pytest.mark.parametrize('mode', [CompressionMode.FILE, CompressionMode.MESSAGE,
                                  CompressionMode.STORAGE])
@pytest.mark.parametrize('storage', STORAGES)
def test_compressed_bags(tmp_path: Path, storage: str, mode: CompressionMode) -> None:
    if storage == 'sqlite3' and mode is CompressionMode.STORAGE:
        pytest.skip('sqlite3 has no compression of its own')
    plugin = StoragePlugin.MCAP if storage == 'mcap' else StoragePlugin.SQLITE3
    writer = Writer(tmp_path / 'bag', version=9, storage_plugin=plugin)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with (writer, BagReader(write_drive_of(tmp_path / 'plain', storage)) as plain):
        connections = {info.name: writer.add_connection(info.name, info.type,
                                                        typestore=typestore())
                       for info in plain.topics()}
        for topic, log_time_ns, raw, _ in plain.messages():
            writer.write(connections[topic], log_time_ns, raw)
    assert_all_places(read_images(tmp_path / 'bag'))


def test_images_come_in_the_order_of_their_stamps(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        for log, i in enumerate([1, 0, 2, 4, 3, 5, 6, 9, 8, 7]):
            bag.image('/image', S + i * S // 20, '', place_image(i), log_time_ns=S + log * S // 20)
    assert_all_places(read_images(tmp_path / 'bag'))


def test_a_loop_in_time_is_kept_as_it_was(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        for log in range(20):
            bag.image('/image', S + log % 10 * S // 10, '', place_image(log % 10),
                      log_time_ns=S + log * S // 10)
    with BagReader(tmp_path / 'bag') as reader:
        stamps = [image.stamp_ns for image in reader.images()]
    assert stamps == [S + i * S // 10 for i in range(10)] * 2


def test_log_time_stands_in_for_a_stamp_of_zero(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        bag.image('/image', 0, '', place_image(0), log_time_ns=7 * S)
    with BagReader(tmp_path / 'bag') as reader:
        assert [image.stamp_ns for image in reader.images()] == [7 * S]


def test_odometry_that_arrives_after_its_image_is_used(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        for i in range(20):
            stamp_ns = S + i * S // 10
            bag.image('/image', stamp_ns, '', place_image(i), log_time_ns=stamp_ns)
            bag.odometry('/odom', stamp_ns + S // 20, 'odom', 'base', Pose((i + 0.5, 0, 0)),
                         log_time_ns=stamp_ns + S // 10)
    with BagReader(tmp_path / 'bag') as reader:
        frames = list(reader.frames())
    places = [frame.pose.position_m[0] for frame in frames if frame.pose]
    assert places[1:] == pytest.approx(np.arange(1, 20))


def test_a_damaged_image_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag') as bag:
        for i in range(3):
            message = make('sensor_msgs/msg/CompressedImage', header(S + i, ''), 'jpeg',
                           np.zeros(10, np.uint8))
            bag.write('/image/compressed', message, S + i)
        bag.compressed_image('/image/compressed', 2 * S, '', place_image(0))
    with BagReader(tmp_path / 'bag') as reader:
        images = list(reader.images())
        assert [image.rgb is None for image in images] == [True] * 3 + [False]
        assert 'neither JPEG nor PNG' in str(images[0].error)
        assert len(list(reader.frames())) == 1
        assert reader.skipped == 3 and 'neither JPEG' in str(reader.first_error)


def test_a_message_that_is_no_image_message_is_named(tmp_path: Path) -> None:
    with Writer(tmp_path / 'bag', version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        image = writer.add_connection('/image', 'sensor_msgs/msg/Image', typestore=typestore())
        writer.write(image, S, b'\0\1\0\0 rubbish')
    with BagReader(tmp_path / 'bag') as reader:
        (found,) = reader.images()
        assert 'at 1.000 s on /image is damaged' in str(found.error)
        with pytest.raises(DataError, match=r'no image on /image of .* can be used'):
            list(reader.frames())


def test_memory_does_not_grow_with_the_bag(tmp_path: Path) -> None:
    image = np.kron(place_image(0), np.ones((5, 5, 1), np.uint8))
    with BagWriter(tmp_path / 'bag') as bag:
        for i in range(80):
            bag.image('/image', S + i * S // 10, '', image)
    size = sum(path.stat().st_size for path in (tmp_path / 'bag').iterdir())
    tracemalloc.start()
    with BagReader(tmp_path / 'bag') as reader:
        assert sum(1 for _ in reader.frames()) == 80
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 70_000_000 and peak < 20_000_000


class TestSelection:

    @staticmethod
    def bag(path: Path, *topics: str, odometry: tuple[str, ...] = ()) -> BagReader:
        with BagWriter(path) as bag:
            for topic in topics:
                if 'compressed' in topic:
                    bag.compressed_image(topic, S, '', place_image(0))
                else:
                    bag.image(topic, S, '', place_image(0))
            for topic in odometry:
                bag.odometry(topic, S, 'odom', 'base', Pose((0, 0, 0)))
        return BagReader(path)

    def test_raw_is_preferred_to_its_own_compressed_form(self, tmp_path: Path) -> None:
        with self.bag(tmp_path / 'b', '/a', '/a/compressed', '/d/compressedDepth') as reader:
            assert reader.image_topic == '/a'
            assert len(list(reader.images('/a/compressed'))) == 1

    def test_several_cameras_must_be_told_apart(self, tmp_path: Path) -> None:
        with self.bag(tmp_path / 'b', '/left', '/right') as reader:
            with pytest.raises(ConfigError, match='several image topics: /left, /right; say whi'):
                next(reader.images())
            assert len(list(reader.frames(image_topic='/right'))) == 1
        with BagReader(tmp_path / 'b', image_topic='/left') as reader:
            assert reader.image_topic == '/left' and reader.image_count == 1

    def test_several_odometries_must_be_told_apart(self, tmp_path: Path) -> None:
        with self.bag(tmp_path / 'b', '/a', odometry=('/odom', '/vio')) as reader:
            with pytest.raises(ConfigError, match='several odometry topics: /odom, /vio'):
                next(reader.frames())
            assert next(reader.frames(odometry_topic='/vio')).pose is not None

    @pytest.mark.parametrize(('call', 'sentence'), [
        (lambda r: r.images('/b'), r'has no topic /b; it has /a \(sensor_msgs/msg/Image, 1\)$'),
        (lambda r: r.images('/odom'), 'of type nav_msgs/msg/Odometry; expected sensor_msgs'),
        (lambda r: r.poses('/a'), 'of type sensor_msgs/msg/Image; expected nav_msgs/msg/Odo'),
        (lambda r: r.frames(odometry_topic='/x'), r'no topic /x; it has /odom \(nav'),
        (lambda r: r.messages(['/odom', '/x']), 'no topic /x; it has /a'),
    ])
    def test_wrong_names_are_named(self, tmp_path: Path, call, sentence: str) -> None:
        reader = self.bag(tmp_path / 'b', '/a', odometry=('/odom',))
        with reader, pytest.raises(DataError, match=sentence):
            list(call(reader))


@cache
def small_bag(storage: str) -> tuple[bytes, bytes]:
    """Return the bytes of a bag with two small images, and of its metadata."""
    with TemporaryDirectory() as folder:
        path = Path(folder, 'small')
        with BagWriter(path, storage=storage) as bag:
            for i in range(2):
                bag.image('/image', S + i, '', place_image(i)[:8, :8])
        return (path / f'small{SUFFIX[storage]}').read_bytes(), (
            path / 'metadata.yaml').read_bytes()


@pytest.mark.parametrize('name', ['with space', 'ä', 'a%41', 'a?b', 'a#b', "a'b"])
@pytest.mark.parametrize('storage', STORAGES)
def test_a_name_with_signs_works_or_is_refused(tmp_path: Path, storage: str, name: str) -> None:
    if storage == 'sqlite3' and set(name) & set('%?#'):
        with pytest.raises(DataError, match='cannot open paths with'):
            write_drive_of(tmp_path / name, storage)
        assert not list(tmp_path.iterdir())
        path = write_drive_of(tmp_path / 'plain', storage).rename(tmp_path / name)
        with pytest.raises(DataError, match='cannot open paths with'):
            read_images(path)
    else:
        assert_all_places(read_images(write_drive_of(tmp_path / name, storage)))


class TestDamage:
    @pytest.mark.parametrize(('make_path', 'sentence'), [
        (lambda p: p / 'nowhere', 'does not exist; check the path'),
        (lambda p: p, 'is no rosbag2: expected a folder with metadata.yaml'),
        (lambda p: p / 'old.bag', 'rosbags-convert --src'),
        (lambda p: p / 'text.txt', 'is no rosbag2'),
        (lambda p: p / 'empty.mcap', 'cannot be read'),
        (lambda p: p / 'empty.db3', 'cannot be read'),
        (lambda p: p / 'yaml', 'cannot be read'),
        (lambda p: [], 'no bag was given'),
    ])
    def test_what_is_no_bag(self, tmp_path: Path, make_path, sentence: str) -> None:
        for name in ('old.bag', 'text.txt', 'empty.mcap', 'empty.db3'):
            (tmp_path / name).touch()
        (tmp_path / 'yaml').mkdir()
        (tmp_path / 'yaml' / 'metadata.yaml').write_text('rosbag2: [')
        path = make_path(tmp_path)
        (tmp_path / 'empty.mcap' if path == tmp_path else tmp_path / 'none').unlink(True)
        (tmp_path / 'empty.db3' if path == tmp_path else tmp_path / 'none').unlink(True)
        with pytest.raises(DataError, match=sentence) as raised, BagReader(path):
            pass
        assert '\n' not in str(raised.value)

    @settings(deadline=None, max_examples=60)
    @given(storage=st.sampled_from(STORAGES), part=st.floats(0, 0.9999))
    def test_a_truncated_file_reads_up_to_there_or_is_named(
        self, storage: str, part: float
    ) -> None:
        data, metadata = small_bag(storage)
        with TemporaryDirectory() as folder:
            cut = Path(folder, f'small{SUFFIX[storage]}')
            cut.write_bytes(data[:int(len(data) * part)])
            Path(folder, 'metadata.yaml').write_bytes(metadata)
            for path in (cut, Path(folder)):
                try:
                    images = read_images(path)
                except DataError as error:
                    assert 'cannot be read' in str(error)
                    assert '\n' not in str(error)
                else:
                    assert len(images) <= 2

    @settings(deadline=None, max_examples=150)
    @given(storage=st.sampled_from(STORAGES), seed=st.integers(0, 2**32 - 1))
    def test_flipped_bytes_give_a_bag_or_a_sentence(self, storage: str, seed: int) -> None:
        data, rng = bytearray(small_bag(storage)[0]), np.random.default_rng(seed)
        for at in rng.integers(0, len(data), 20):
            data[at] = rng.integers(0, 256)
        with TemporaryDirectory() as folder:
            file = Path(folder, f'small{SUFFIX[storage]}')
            file.write_bytes(data)
            try:
                with BagReader(file) as reader:
                    for topic in reader.topics():
                        list(reader.messages([topic.name]))
                    for image in reader.images('/image'):
                        assert image.rgb is not None or image.error is not None
            except DataError as error:
                assert '\n' not in str(error)


def test_serialize_is_the_inverse_of_deserialize() -> None:
    message = make('sensor_msgs/msg/CompressedImage', header(S + 5, 'camera'), 'jpeg',
                   np.arange(7, dtype=np.uint8))
    raw = serialize(message, message.__msgtype__)
    again: Any = typestore().deserialize_cdr(raw, message.__msgtype__)
    assert again.header.stamp.nanosec == 5 and again.data.tolist() == list(range(7))
