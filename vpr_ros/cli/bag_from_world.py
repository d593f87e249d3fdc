# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr bag from-world``: two laps through a rendered town, in two conditions, as a rosbag2."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.bags import is_bag
from vpr_ros.cli.verb import add_json, positive, ProgressBar, Verb
from vpr_ros.demo import GROUND_TRUTH_TOPIC, RATE_HZ, render_laps
from vpr_ros.errors import DataError
from vpr_ros.world import Conditions

CONDITIONS = ('day', 'morning', 'overcast', 'dusk', 'night', 'rain', 'snow', 'fog')


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--town', type=int, default=0, help='seed of the town')
    parser.add_argument('--first', choices=CONDITIONS, default='day',
                        help='light and weather of the first lap')
    parser.add_argument('--second', choices=CONDITIONS, default='dusk',
                        help='light and weather of the second lap')
    parser.add_argument('--rate', type=positive, default=RATE_HZ, help='frames per second')
    parser.add_argument('--out', type=Path, required=True, help='the bag to write')
    parser.add_argument('--overwrite', action='store_true', help='replace an older bag')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    if args.out.exists() and not (args.overwrite and is_bag(args.out)):
        raise DataError(f'{args.out} exists; choose another name'
                        + (', it is no bag' if args.overwrite else ' or add --overwrite'))
    # other cars and people on the second lap, as on another day
    first, second = (getattr(Conditions, name)(traffic_seed=seed)
                     for name, seed in ((args.first, 1), (args.second, 2)))
    with ProgressBar() as bar:
        frames = render_laps(args.out, first, second, seed=args.town, rate_hz=args.rate,
                             progress=bar)
    print(f'{args.out}: {frames} frames through town {args.town}, {args.first} then '
          f'{args.second}, ground truth on {GROUND_TRUTH_TOPIC}')
    return {'format': 1, 'bag': str(args.out), 'frames': frames, 'town': args.town,
            'conditions': [args.first, args.second]}


VERB = Verb(
    ('bag', 'from-world'), 'render two laps through a town into a rosbag2',
    'vpr bag from-world --town 201 --first day --second dusk --rate 4 --out runs/day_dusk',
    _arguments, _run,
)
