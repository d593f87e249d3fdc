# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ie_tower at the size of the comparison, made once: large images cost more than the network."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2

from training.claims.scale import Scale, TOWER_HELD_OUT
from training.images import read_rgb, resize
from training.sources import read_rows
from vpr_ros.whole_files import replacing


def shrink_tower(folder: Path, scale: Scale) -> None:
    """Copy the floors that are used, as small PNG; ``frames.csv`` is written when all are there.

    Raises:
        DataError: the data set cannot be read.
        ImageError: an image cannot be.
    """
    if not scale.tower or (folder / 'frames.csv').is_file():
        return
    source, used = Path(scale.tower), {*scale.tower_floors, *TOWER_HELD_OUT}
    columns = ('file', 'split', 'floor', 'area', 'clip', 'second')
    (folder / 'frames').mkdir(parents=True, exist_ok=True)
    lines: list[tuple[str, ...]] = [columns]
    for row in read_rows(source / 'frames.csv', columns):
        if row['floor'] not in used:
            continue
        image = resize(read_rgb(source / 'frames' / row['file']), scale.height, scale.width)
        row['file'] = Path(row['file']).with_suffix('.png').name
        cv2.imwrite(str(folder / 'frames' / row['file']), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        lines.append(tuple(row[name] for name in columns))
    with (replacing(folder / 'frames.csv') as draft,
          draft.open('w', encoding='utf-8', newline='') as file):
        csv.writer(file).writerows(lines)
