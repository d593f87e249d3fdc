# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr soak``: a long drive through the running node, and whether anything grows."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
import tempfile
from typing import Any

import numpy as np

from vpr_ros.bench.soak_plot import soak_svg
from vpr_ros.cli.bench import camera_images
from vpr_ros.cli.verb import add_json, add_settings, positive, ProgressBar, settings_of, Verb

MOST_PLACES = 200
IMAGES = 24
SHRINK = 4  # of 640x480: what is looked at is growth, not speed


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--drive-minutes', type=positive, default=120.0,
                        help='length of the drive by its stamps (default: %(default)s)')
    parser.add_argument('--most-minutes', type=positive, default=math.inf,
                        help='end after so many minutes, however far the drive has come')
    parser.add_argument('--real-time', action='store_true',
                        help='send each image when its stamp is due, instead of as soon as the '
                             'one before is answered')
    parser.add_argument('--camera', action='store_true',
                        help='images of 640x480, instead of 160x120')
    parser.add_argument('--plot', type=Path, metavar='FILE.svg', help='draw what was measured')
    add_settings(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    from vpr_ros.ros.node_process import NodeProcess, use_large_image_profile  # noqa: PLC0415
    from vpr_ros.ros.soak import soak  # noqa: PLC0415 - needs rclpy

    settings = settings_of(args)
    if settings.max_places == 0:  # a map that grows is no leak: it has its size after a while
        settings = settings.replace(max_places=MOST_PLACES)
    shrink = 1 if args.camera else SHRINK
    images = [np.ascontiguousarray(image[::shrink, ::shrink]) for image in camera_images(IMAGES)]
    use_large_image_profile()
    with tempfile.TemporaryDirectory() as folder:
        parameters = {**settings.as_dict(), 'map_path': str(Path(folder) / 'soak.vprmap')}
        with NodeProcess(parameters, namespace='/vpr_soak') as process, ProgressBar() as bar:
            done = soak(process, images, drive_s=60.0 * args.drive_minutes,
                        most_s=60.0 * args.most_minutes, real_time=args.real_time,
                        progress=bar)
    result = {'model': settings.model, 'max_places': settings.max_places, **done.as_dict()}
    title = (f'{result["drive_s"] / 60:.1f} minutes at {result["rate_hz"]} Hz in '
             f'{result["wall_s"] / 60:.1f} minutes: {result["sent"]} images, {result["lost"]} '
             f'lost, {result["markers"]} markers and {result["diagnostics"]} diagnostics, '
             f'model {settings.model}')
    print(title)
    for name, unit in (('memory_mb', ' MB'), ('threads', ''), ('handles', ''), ('p50_ms', ' ms')):
        print(f'{name.partition("_")[0]:8} second quarter {result[f"{name}_second_quarter"]}{unit}'
              f', last quarter {result[f"{name}_last_quarter"]}{unit}')
    if args.plot is not None:
        args.plot.write_text(soak_svg(title, result), encoding='utf-8')
    return result


VERB = Verb(
    ('soak',), 'a long drive through the running node in little time: does anything grow?',
    'vpr soak --drive-minutes 120 --model thumbnail --plot soak.svg', _arguments, _run,
)
