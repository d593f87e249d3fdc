# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rendered drives that are drawn when an image is first read."""

from __future__ import annotations

import numpy as np
import pytest

from training.images import read_rgb
from training.render import write_image, yaw
from training.world_source import _drives, world
from vpr_ros.errors import ConfigError, DataError, ImageError

SPACING_M = 40


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp('drawn') / 'world'
    return root, world(root, worlds=(3,), drives=2, spacing_m=SPACING_M)


def test_nothing_is_drawn_before_it_is_read(folder):
    root, frames = folder
    assert len(frames) > 4 and not list(root.rglob('*.jpg'))
    first = read_rgb(frames[-1].path)
    assert first.shape == (240, 320, 3) and first.std() > 5
    assert [path.name for path in root.rglob('*.jpg')] == [frames[-1].path.name]
    stamp = frames[-1].path.stat().st_mtime_ns
    assert np.array_equal(read_rgb(frames[-1].path), first)
    assert frames[-1].path.stat().st_mtime_ns == stamp  # kept
    frames[-1].path.unlink()
    assert np.array_equal(read_rgb(frames[-1].path), first)  # and the same when drawn again


def test_it_is_what_render_writes(folder, tmp_path):
    drives = _drives(3, 2, SPACING_M)  # planned by render, built once
    assert len(folder[1]) == sum(map(len, drives))
    drawn = folder[1][len(drives[0]) + 2]
    pose = drives[1].pose(2)
    assert drawn.path == folder[0] / 'world3' / '1_0002.jpg'
    assert drawn.position == pytest.approx(np.array(pose.position_m[:2]) / 3.0, abs=1e-4)
    assert drawn.heading == pytest.approx(yaw(pose), abs=1e-4)
    assert (drawn.environment, drawn.drive) == ('world/3', '3/1')
    write_image(tmp_path / 'written.jpg', drives[1].frame(2).image)
    assert read_rgb(drawn.path).tobytes() == read_rgb(tmp_path / 'written.jpg').tobytes()


def test_a_folder_is_of_one_choice_of_drives(folder, tmp_path):
    root, frames = folder
    assert world(root, worlds=[3], drives=2, spacing_m=SPACING_M) == frames
    with pytest.raises(DataError, match=r"'drives': 2.* 'drives': 3.* is asked for"):
        world(root, worlds=(3,), drives=3, spacing_m=SPACING_M)
    (tmp_path / 'photo.jpg').touch()
    with pytest.raises(DataError, match='is not empty'):
        world(tmp_path)
    with pytest.raises(ConfigError, match='0 worlds'):
        world(tmp_path / 'new', worlds=())


def test_other_missing_images_stop_with_their_name(folder, tmp_path):
    for path in (tmp_path / 'a' / 'gone.jpg', folder[0] / 'world3' / 'x.jpg',
                 folder[0] / 'world3' / '9_0000.jpg'):
        with pytest.raises(ImageError, match=path.name):
            read_rgb(path)
