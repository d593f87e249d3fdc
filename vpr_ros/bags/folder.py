# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A folder of images as a drive: natural order, a stamp for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
import re

from vpr_ros.errors import ConfigError, DataError, ImageError
from vpr_ros.images import decode_compressed
from vpr_ros.types import Frame

SUFFIXES = ('.jpg', '.jpeg', '.png')
START_STAMP_NS = 1_000_000_000
_NANOSECONDS = 1_000_000_000


class ImageFolder:
    """The JPEG and PNG files of a folder, frames of a camera at a fixed rate.

    The stamps are those that :func:`vpr_ros.bags.bag_from_images` writes for the same folder.

    Attributes:
        paths: the files, in natural order (``2.png`` before ``10.png``).
        rate_hz: frames per second.
    """

    def __init__(
        self, path: Path, *, rate_hz: float, start_stamp_ns: int = START_STAMP_NS,
        frame_id: str = '',
    ) -> None:
        """List the folder.

        Args:
            path: the folder; its subfolders are not looked into.
            rate_hz: frames per second.
            start_stamp_ns: stamp of the first image.
            frame_id: of every frame.

        Raises:
            DataError: no such folder, or no image in it.
            ConfigError: the rate is not positive.
        """
        if not 0 < rate_hz < float('inf'):
            raise ConfigError(f'the rate is {rate_hz} Hz; expected a positive number of frames/s')
        if not path.is_dir():
            found = 'is a file' if path.exists() else 'does not exist'
            raise DataError(f'{path} {found}; expected a bag (rosbag2), a video or a folder of '
                            f'JPEG or PNG images')
        self.paths = natural_order(
            file for file in path.iterdir()
            if file.suffix.lower() in SUFFIXES and not file.name.startswith('.')
        )
        if not self.paths:
            raise DataError(
                f'{path} holds no image; expected files that end in {", ".join(SUFFIXES)}; '
                f'name the folder in which the images lie'
            )
        self.rate_hz, self._start_stamp_ns, self._frame_id = rate_hz, start_stamp_ns, frame_id

    def __len__(self) -> int:
        return len(self.paths)

    def stamp_ns(self, index: int) -> int:
        """Stamp of the image at an index."""
        return self._start_stamp_ns + round(index * _NANOSECONDS / self.rate_hz)

    def __iter__(self) -> Iterator[Frame]:
        """Frames in order, one decoded at a time.

        Raises:
            DataError: names the file that cannot be read.
        """
        return (self.frame(index) for index in range(len(self)))

    def frame(self, index: int) -> Frame:
        """Read and decode the frame at an index.

        Raises:
            DataError: names the file that cannot be read.
        """
        path = self.paths[index]
        try:
            image = decode_compressed('', read_bytes(path))
        except ImageError as error:
            raise DataError(f'{path} cannot be read: {error}') from error
        return Frame(image, self.stamp_ns(index), self._frame_id)


def natural_order(paths: Iterable[Path]) -> list[Path]:
    """Sort by name with numbers as numbers: ``frame2`` before ``frame10``."""
    def key(path: Path) -> tuple[list[tuple[int, int, str]], str]:
        parts = re.findall(r'[0-9]+|[^0-9]+', path.name)
        return [(0, int(part), '') if part[0] in '0123456789' else (1, 0, part.lower())
                for part in parts], path.name
    return sorted(paths, key=key)


def read_bytes(path: Path) -> bytes:
    """Read the content of a file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f'{path} cannot be read: {error.strerror}') from error
