# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Draws a contact sheet of one world in several conditions and measures frames per second.

The speed is counted in processor time of one thread, so that a busy machine does not distort it.

Example:
    python -m vpr_ros.world.preview --out preview --seed 0
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
import sys

import cv2
import numpy as np

from vpr_ros.errors import VprError
from vpr_ros.world.camera import Camera
from vpr_ros.world.conditions import Conditions
from vpr_ros.world.drive import Drive
from vpr_ros.world.world import World

PRESETS = ('day', 'morning', 'overcast', 'dusk', 'night', 'rain', 'snow', 'fog')


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog='python -m vpr_ros.world.preview',
                                     description='Contact sheet and speed of a rendered world.')
    parser.add_argument('--out', type=Path, required=True, help='folder for the pictures')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--kind', choices=('town', 'corridor'), default='town')
    parser.add_argument('--width', type=int, default=640)
    parser.add_argument('--height', type=int, default=480)
    parser.add_argument('--conditions', nargs='+', choices=PRESETS, default=list(PRESETS))
    parser.add_argument('--columns', type=int, default=4, help='places per condition')
    parser.add_argument('--timed-frames', type=int, default=40,
                        help='frames per condition for the measurement')
    options = parser.parse_args(arguments)
    try:
        _run(options)
    except VprError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    cv2.setNumThreads(1)
    begin = _processor_s()
    world = World(options.seed, options.kind)
    print(f'{world}: {len(world.scene.faces)} faces, lap {world.lap_length_m:.0f} m, '
          f'textures {world.scene.atlas.texels.nbytes / 1e6:.0f} MB, '
          f'built in {_processor_s() - begin:.1f} s')
    options.out.mkdir(parents=True, exist_ok=True)
    camera = Camera(options.width, options.height)
    rows, spent = [], []
    for number, name in enumerate(options.conditions):
        drive = Drive(world, getattr(Conditions, name)(number), seed=number, camera=camera,
                      rate_hz=options.timed_frames * 5.0 / world.lap_length_m)
        places = np.linspace(0, len(drive) - 1, options.columns).astype(int)
        pictures = [drive.frame(int(place)).image for place in places]
        begin = _processor_s()
        for index in range(len(drive)):
            drive.frame(index)
        spent.append(max(_processor_s() - begin, 0.01) / len(drive))
        print(f'{name:10s} {1 / spent[-1]:6.1f} frames/s')
        for place, picture in zip(places, pictures, strict=True):
            cv2.imwrite(str(options.out / f'{name}_{place:04d}.png'),
                        cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        rows.append(np.hstack(pictures))
    sheet = options.out / 'contact_sheet.png'
    cv2.imwrite(str(sheet), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    print(f'{"all":10s} {1 / np.mean(spent):6.1f} frames/s at {options.width}x{options.height}, '
          f'one core (processor time)\n{sheet}')


def _processor_s() -> float:
    """Processor time that this process has spent, seconds."""
    spent = os.times()
    return spent.user + spent.system


if __name__ == '__main__':
    sys.exit(main())
