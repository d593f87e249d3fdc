# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""St Lucia as it is handed out: a folder a drive, each with a video and its positions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import Dataset, DEFAULT_RADIUS_M, ImageRef, stamp
from vpr_ros.evaluation.position_datasets import from_positions
from vpr_ros.evaluation.utm import to_utm
from vpr_ros.images.video import open_video

POSITIONS, VIDEO, FRAMES = 'fGPS.txt', 'webcam_video.avi', 'frames'
SPACING_M = 5.0


def drives_of(path: Path) -> list[Path]:
    """Folders with positions, by the date in their names (``ddmmyy_hhmm``), else by name."""
    return sorted((file.parent for file in path.glob(f'*/{POSITIONS}')), key=_date)


def load_st_lucia(path: Path, *, radius_m: float = DEFAULT_RADIUS_M, database: str = '',
                  queries: str = '', spacing_m: float = SPACING_M) -> Dataset:
    """Two drives of St Lucia, one frame every 5 m as the benchmark takes them.

    ``fGPS.txt`` holds a line "latitude, longitude" a frame, the latitude without its sign. Frames
    are taken out of ``webcam_video.avi`` into ``frames/`` of the drive the first time, as PNG.

    Args:
        path: holds a folder a drive.
        radius_m: images at most this far apart show the same place.
        database, queries: folders of two drives; '' takes the first and the last by date.
        spacing_m: distance between frames, at least.

    Raises:
        DataError: fewer than two drives, or something in one is missing or damaged.
    """
    drives = drives_of(path)
    if len(drives) < 2:
        raise DataError(f'{path} holds {len(drives)} drives with {POSITIONS}; expected two at '
                        f'least')
    chosen = [path / database if database else drives[0],
              path / queries if queries else drives[-1]]
    parts = [_drive(folder, number, spacing_m) for number, folder in enumerate(chosen)]
    return from_positions(path.name, parts[0], parts[1], radius_m)


def _date(folder: Path) -> tuple[str, str]:
    try:
        return datetime.strptime(folder.name, '%d%m%y_%H%M').isoformat(), folder.name
    except ValueError:
        return '', folder.name


def _drive(folder: Path, number: int, spacing_m: float) -> list[ImageRef]:
    try:
        lines = (folder / POSITIONS).read_text('utf-8').split('\n')
        degrees = np.array([line.split(',') for line in lines if line.strip()], np.float64)
        positions = to_utm(-np.abs(degrees[:, 0]), degrees[:, 1])
    except OSError as error:
        raise DataError(f'{folder / POSITIONS} cannot be read ({error.strerror})') from error
    except (ValueError, IndexError) as error:
        raise DataError(f'{folder / POSITIONS}: a line is no "latitude, longitude" ({error})') \
            from error
    kept = [0]
    for index in range(1, len(positions)):
        if np.hypot(*(positions[index] - positions[kept[-1]])) >= spacing_m:
            kept.append(index)
    files = {index: folder / FRAMES / f'{index:06d}.png' for index in kept}
    kept = _extract(folder / VIDEO, files)
    return [
        ImageRef(files[index], f'{folder.name}/{index:06d}.png', stamp(index / 15, drive=number),
                 (float(positions[index, 0]), float(positions[index, 1])))
        for index in kept
    ]


def _extract(video: Path, files: dict[int, Path]) -> list[int]:
    """Write the frames that are missing; the frames that there are, a video may end early."""
    missing = {index for index, file in files.items() if not file.is_file()}
    if not missing:
        return list(files)
    if not video.is_file():
        if len(missing) < len(files):  # the end of the video came before the end of positions
            return [index for index in files if index not in missing]
        raise DataError(f'{video} is missing; it holds the images of the drive')
    reader = open_video(video)
    last, index = max(files), 0
    while index <= last and reader.grab():
        if index in missing:
            found, pixels = reader.retrieve()
            files[index].parent.mkdir(exist_ok=True)
            if not found or not cv2.imwrite(str(files[index]), pixels):
                raise DataError(f'frame {index} of {video} cannot be taken out; free space, or '
                                f'get the file again')
        index += 1
    reader.release()
    if not index:
        raise DataError(f'{video} cannot be played; get the file again')
    return [number for number in files if number < index]
