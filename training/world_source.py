# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drives of the rendered world as a source of frames that are drawn when they are first read.

The folder holds ``world.json`` (which worlds, how many drives) and ``frames.csv`` (where every
frame is). Reading an image that is not there draws it and keeps it as JPEG, so a training begins
at once, draws only what it uses, and sees the same bytes every time.
"""

from __future__ import annotations

from collections.abc import Sequence
import functools
import json
from pathlib import Path
from typing import Any

from training import render
from training.data import Frame
from training.sources import posed
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.whole_files import replacing
from vpr_ros.world import Drive

SETTINGS = 'world.json'


def world(root: Path, *, worlds: Sequence[int] = (100,), drives: int = 4,
          spacing_m: float = render.SPACING_M) -> list[Frame]:
    """Frames of drives through rendered worlds; images are drawn on demand.

    Args:
        root: the folder of what is drawn; made when it is missing.
        worlds: seeds.
        drives: once around every world, each in another light, weather and season.
        spacing_m: mean distance between frames.

    Raises:
        ConfigError: a number is out of range.
        DataError: the folder holds other drives.
    """
    settings: dict[str, Any] = {'worlds': list(worlds), 'drives': drives, 'spacing_m': spacing_m}
    if not worlds or drives < 1 or not spacing_m > 0:
        raise ConfigError(f'{root}: {len(worlds)} worlds, {drives} drives of each, a frame every '
                          f'{spacing_m} m; expected one of each at least')
    file = root / SETTINGS
    if file.is_file():
        found = _settings(root)
        if found != settings:
            raise DataError(f'{file} says {found}, but {settings} is asked for; name another '
                            f'folder, or remove this one')
        return posed(root)
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise DataError(f'{root} is not empty and holds no {SETTINGS}; name a new folder')
    render.write_frames(root / 'frames.csv', [
        render.frame_row(seed, number, index, drive.pose(index))
        for seed in worlds
        for number, drive in enumerate(_drives(seed, drives, spacing_m))
        for index in range(len(drive))
    ])
    file.write_text(json.dumps(settings) + '\n', 'utf-8')  # last: now the folder is whole
    return posed(root)


def drawn_on_demand(path: Path) -> bool:
    """Whether an image belongs to a folder of rendered drives."""
    return (path.parent.parent / SETTINGS).is_file()


def draw(path: Path) -> bool:
    """Draw the missing image of a folder of rendered drives; False when it is none of one."""
    if not drawn_on_demand(path):
        return False
    settings = _settings(path.parent.parent)
    try:
        seed = int(path.parent.name.removeprefix('world'))
        drive, index = (int(part) for part in path.stem.split('_'))
        planned = _drives(seed, settings['drives'], settings['spacing_m'])[drive]
        frame = planned.frame(index)
    except (ValueError, IndexError, KeyError):
        return False
    with replacing(path) as draft:
        render.write_image(draft, frame.image)
    return True


@functools.lru_cache(maxsize=2)  # a world takes hundreds of MB, and they come one by one
def _drives(seed: int, drives: int, spacing_m: float) -> list[Drive]:
    return render.planned_drives(seed, drives, spacing_m=spacing_m)


def _settings(root: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((root / SETTINGS).read_text('utf-8')))
    except (OSError, ValueError) as error:
        raise DataError(f'{root / SETTINGS} is damaged ({error}); remove the folder') from error
