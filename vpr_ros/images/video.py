# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A video file as a drive: frames in order, stamped by the video's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.images.compressed import MAX_PIXELS
from vpr_ros.types import Frame

SUFFIXES = ('.mp4', '.avi', '.mkv', '.mov', '.webm', '.m4v')
START_STAMP_NS = 1_000_000_000
_MILLISECOND_NS = 1_000_000
_UNKNOWN_RATE_HZ = 30.0


def is_video(path: Path) -> bool:
    """Return True for a file that is named like a video."""
    return path.is_file() and path.suffix.lower() in SUFFIXES


class VideoFile:
    """A video, read by OpenCV; frames are decoded one at a time.

    A frame's stamp is one second plus its time in the video, so that stamps are never 0; where the
    video has no time for it, the frame rate counts.

    Args:
        path: of the file.

    Raises:
        DataError: it does not exist, OpenCV cannot read it, or its frames are too large.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        capture = open_video(path)
        self._count = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        rate_hz = capture.get(cv2.CAP_PROP_FPS)
        self._rate_hz = rate_hz if 0.0 < rate_hz < 1000.0 else _UNKNOWN_RATE_HZ
        capture.release()

    def __len__(self) -> int:
        """Return the number of frames that the header tells; a damaged file holds fewer."""
        return self._count

    def frames(self, skip: int = 0) -> Iterator[Frame]:
        """Frames in order, RGB.

        Args:
            skip: so many at the beginning are passed over, without converting them.

        Raises:
            DataError: the file cannot be read, or holds no frame at all.
        """
        capture = open_video(self._path)
        try:
            number, stamp_ns = 0, 0
            while capture.grab():
                time_ms = float(capture.get(cv2.CAP_PROP_POS_MSEC))
                if not np.isfinite(time_ms) or (time_ms <= 0.0 and number):
                    time_ms = number * 1000.0 / self._rate_hz
                stamp_ns = max(stamp_ns + 1, START_STAMP_NS + round(time_ms * _MILLISECOND_NS))
                number += 1
                if number <= skip:
                    continue
                good, image = capture.retrieve()
                if good:
                    rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
                    yield Frame(rgb, stamp_ns)
            if number == 0:
                raise DataError(f'video {self._path} holds no frame that can be decoded; convert '
                                f'it to H.264 in an .mp4 file')
        finally:
            capture.release()


def open_video(path: Path) -> cv2.VideoCapture:
    """Open a video with OpenCV; whoever calls releases it.

    Raises:
        DataError: it does not exist, cannot be read, or its frames are too large.
    """
    if not path.is_file():
        raise DataError(f'video {path} does not exist; check the path')
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        capture.release()
        raise DataError(f'video {path} cannot be read; OpenCV reads {", ".join(SUFFIXES)} with '
                        f'common codecs; convert it to H.264')
    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if width * height > MAX_PIXELS:
        capture.release()
        raise DataError(f'video {path} has {width}x{height} pixels a frame, more than the '
                        f'{MAX_PIXELS} allowed; convert it to a smaller one')
    return capture
