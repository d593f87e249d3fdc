# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Image folders, as a source of frames and as bags."""

from __future__ import annotations

from pathlib import Path

import cv2
from helpers import place_image
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.bags import bag_from_images, BagReader, ImageFolder, natural_order
from vpr_ros.bags.message_types import deserialize
from vpr_ros.errors import ConfigError, DataError

S = 1_000_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / 'images'
    path.mkdir()
    for i in range(12):
        name = f'frame{i}.{"png" if i % 2 else "jpg"}'
        cv2.imwrite(str(path / name), place_image(i)[..., ::-1])
    (path / 'notes.txt').write_text('not an image')
    (path / '._frame3.jpg').write_bytes(b'\0')
    return path


def test_a_folder_is_read_in_natural_order(folder: Path) -> None:
    images = ImageFolder(folder, rate_hz=4)
    assert [path.stem for path in images.paths] == [f'frame{i}' for i in range(12)]
    frames = list(images)
    assert len(frames) == len(images) == 12
    assert [frame.stamp_ns for frame in frames] == [S + i * S // 4 for i in range(12)]
    np.testing.assert_array_equal(frames[11].image, place_image(11))
    assert frames[0].pose is None and frames[0].travelled_m is None


@given(st.lists(st.integers(0, 10**30), unique=True), st.sampled_from(['', 'a', 'IMG_', 'x9y']))
def test_numbers_are_ordered_as_numbers(numbers: list[int], prefix: str) -> None:
    ordered = natural_order(Path(f'{prefix}{number}.png') for number in numbers)
    assert [path.name for path in ordered] == [f'{prefix}{n}.png' for n in sorted(numbers)]


def test_names_of_mixed_kinds_can_be_ordered() -> None:
    names = ['b', '2', 'a10', 'a9', '10', '²', 'A9']
    ordered = [path.name for path in natural_order(map(Path, names))]
    assert ordered == ['2', '10', 'A9', 'a9', 'a10', 'b', '²']


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_files_pass_through_byte_for_byte(folder: Path, tmp_path: Path, storage: str) -> None:
    seen: list[tuple[int, int]] = []
    count = bag_from_images(folder, tmp_path / 'bag', rate_hz=20, storage=storage,
                            progress=lambda *done: seen.append(done))
    assert count == 12 and seen[-1] == (12, 12)
    paths = ImageFolder(folder, rate_hz=20).paths
    with BagReader(tmp_path / 'bag') as reader:
        assert reader.image_topic == '/camera/image_raw/compressed'
        for path, (_, log_time_ns, raw, kind) in zip(paths, reader.messages(), strict=True):
            message = deserialize(raw, kind)
            assert message.data.tobytes() == path.read_bytes()
            assert message.format == ('png' if path.suffix == '.png' else 'jpeg')
            assert message.header.stamp.sec * S + message.header.stamp.nanosec == log_time_ns


@pytest.mark.parametrize('compressed', [True, False])
def test_the_bag_holds_the_frames_of_the_folder(
    folder: Path, tmp_path: Path, compressed: bool
) -> None:
    bag_from_images(folder, tmp_path / 'bag', rate_hz=30, compressed=compressed,
                    topic='/front/image', start_stamp_ns=5 * S)
    with BagReader(tmp_path / 'bag') as reader:
        assert reader.image_topic == '/front/image' + '/compressed' * compressed
        found = list(reader.frames())
    for ours, theirs in zip(found, ImageFolder(folder, rate_hz=30, start_stamp_ns=5 * S),
                            strict=True):
        assert ours.stamp_ns == theirs.stamp_ns
        np.testing.assert_array_equal(ours.image, theirs.image)


def test_a_topic_of_compressed_images_is_taken_as_it_is(folder: Path, tmp_path: Path) -> None:
    for number, topic in enumerate(('/front/image', '/front/image/compressed')):
        bag_from_images(folder, tmp_path / str(number), rate_hz=5, topic=topic)
        with BagReader(tmp_path / str(number)) as reader:
            assert reader.image_topic == '/front/image/compressed'


def test_an_unreadable_file_is_named_and_no_bag_is_left(folder: Path, tmp_path: Path) -> None:
    (folder / 'frame5.png').write_bytes((folder / 'frame5.png').read_bytes()[:200])
    for compressed in (True, False):
        with pytest.raises(DataError, match=r'frame5.png cannot be read: PNG image ends early'):
            bag_from_images(folder, tmp_path / 'bag', rate_hz=10, compressed=compressed)
        assert not (tmp_path / 'bag').exists()
    with pytest.raises(DataError, match=r'frame5.png cannot be read'):
        list(ImageFolder(folder, rate_hz=10))


def test_wrong_folders_and_rates_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'nowhere does not exist; expected a bag \(rosbag2\)'):
        ImageFolder(tmp_path / 'nowhere', rate_hz=10)
    with pytest.raises(DataError, match=r'frame5.png is a file; expected'):
        ImageFolder(folder / 'frame5.png', rate_hz=10)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(DataError, match=r'holds no image; expected files that end in .jpg'):
        ImageFolder(tmp_path / 'empty', rate_hz=10)
    for rate_hz in (0, -1, float('nan'), float('inf')):
        with pytest.raises(ConfigError, match='expected a positive number'):
            ImageFolder(folder, rate_hz=rate_hz)
