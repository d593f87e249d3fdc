# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

from pathlib import Path

import cv2
from helpers import place_image
import numpy as np
import pytest

from vpr_ros.errors import DataError
from vpr_ros.images.video import VideoFile


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / 'drive.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (128, 96))
    for number in range(5):
        writer.write(np.ascontiguousarray(place_image(number)[..., ::-1]))
    writer.release()
    return path


def test_frames_come_in_order_with_the_times_of_the_video(video: Path) -> None:
    frames = list(VideoFile(video).frames())
    assert [frame.stamp_ns for frame in frames] == [10**9 + n * 10**8 for n in range(5)]
    for number, frame in enumerate(frames):
        assert np.abs(frame.image.astype(int) - place_image(number)).mean() < 12


def test_frames_beyond_the_limit_are_refused_before_one_is_decoded(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('vpr_ros.images.video.MAX_PIXELS', 128 * 96 - 1)
    with pytest.raises(DataError, match='has 128x96 pixels a frame, more than the 12287 allowed'):
        VideoFile(video)


@pytest.mark.parametrize('content', [None, b'', b'no video' * 500])
def test_what_is_no_video_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / 'drive.mp4'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r'drive\.mp4 (does not exist|cannot be read)'):
        VideoFile(path)
