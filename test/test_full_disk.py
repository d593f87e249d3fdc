# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A disk that fills up while the robot maps: recognition goes on, and no place is lost."""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import subprocess

from helpers import place_image, tiny_model
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.errors import MapError
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.place_map import check, PlaceMap
from vpr_ros.settings import Settings
from vpr_ros.types import Frame


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a real file system of two megabytes; skip where that is not allowed."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip('needs the right to mount a small file system')
    try:
        yield folder
    finally:
        subprocess.run(['umount', str(folder)], check=True)


def recognizer_on(path: Path, folder: Path) -> PlaceRecognizer:
    settings = Settings(model=str(tiny_model(folder)), threads=1, keyframe_interval_s=0.5,
                        recent_time_s=1.0, thumbnail_width_px=128)
    return open_recognizer(settings, map_path=path)


def frame(number: int, place: int) -> Frame:
    return Frame(place_image(place), (number + 1) * 1_000_000_000, 'camera')


def drive_until_full(recognizer: PlaceRecognizer, problems: list[str]) -> int:
    """Map until the disk is full; the number of frames."""
    recognizer.map_failed = lambda error: problems.append(str(error))
    for number in range(2000):
        found = recognizer.process(frame(number, number))
        if problems:
            assert found.place_id == 0
            return number + 1
    raise AssertionError('the disk never filled up')


def test_recognition_goes_on_when_the_disk_is_full(small_disk: Path, tmp_path: Path) -> None:
    path, problems = small_disk / 'drive.vprmap', list[str]()
    recognizer = recognizer_on(path, tmp_path)
    with recognizer.place_map as place_map:
        number = drive_until_full(recognizer, problems)
        known = len(place_map)
        assert 'the disk is full' in problems[0]
        assert known >= 20
        again = recognizer.process(frame(number, 7))
        assert again.best is not None
        assert again.best.place.place_id == 8
        assert len(place_map) == known
        # space is there again: mapping goes on by itself
        subprocess.run(['mount', '-o', 'remount,size=8m', str(small_disk)], check=True)
        added = recognizer.process(frame(number + 1, 5000))
        assert added.place_id == known + 1
    assert check(path) == []
    with PlaceMap.open(path) as place_map:
        assert len(place_map) == known + 1


def test_a_file_system_that_becomes_read_only(small_disk: Path, tmp_path: Path) -> None:
    """As after an error of the disk; what was written stays."""
    path, problems = small_disk / 'drive.vprmap', list[str]()
    recognizer = recognizer_on(path, tmp_path)
    recognizer.map_failed = lambda error: problems.append(str(error))
    with recognizer.place_map as place_map:
        for number in range(8):
            recognizer.process(frame(number, number))
        place_map._connection.execute('PRAGMA query_only = ON')  # a mount in use stays writable
        found = recognizer.process(frame(20, 3))
        assert found.best is not None
        assert found.best.place.place_id == 4
        recognizer.process(frame(21, 99))
        assert any('cannot add a place' in problem for problem in problems)
        place_map._connection.execute('PRAGMA query_only = OFF')
    subprocess.run(['mount', '-o', 'remount,ro', str(small_disk)], check=True)
    with PlaceMap.open(path, read_only=True) as place_map:
        assert len(place_map) == 8
    with pytest.raises(MapError, match='cannot be opened for writing'):
        PlaceMap.open(path)
    assert check(path) == []


def test_without_a_listener_the_error_is_raised(small_disk: Path, tmp_path: Path) -> None:
    """A build must not end well with half of its places."""
    recognizer = recognizer_on(small_disk / 'drive.vprmap', tmp_path)
    with recognizer.place_map, pytest.raises(MapError, match='the disk is full'):
        for number in range(2000):
            recognizer.process(frame(number, number))
