# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr demo``: a drive, the real node on it, and a report of what it recognised."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.bags.storage import storage_files
from vpr_ros.building import BagTopics
from vpr_ros.cli.replay import summary_text
from vpr_ros.cli.verb import add_json, add_settings, positive, ProgressBar, settings_of, Verb
from vpr_ros.demo import DEFAULT, RADIUS_M, RATE_HZ, render_demo_bag, SECOND
from vpr_ros.errors import DataError
from vpr_ros.evaluation.ground_truth_of_bag import ground_truth_of_bag
from vpr_ros.evaluation.report import write_report

HEADING_DEG = 45.0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--out', type=Path, default=Path('demo_out'),
                        help='folder for the bag, the map and the report')
    parser.add_argument('--bag', type=Path, help='a rosbag2 of your own in place of the rendered '
                                                 'drive')
    parser.add_argument('--ground-truth', metavar='FILE|TOPIC',
                        help='for a bag of your own: CSV or TUM file, or a topic that holds poses')
    parser.add_argument('--image-topic', help='image topic of the bag, if it holds several')
    parser.add_argument('--odometry-topic', help="odometry topic of the bag; '' uses none")
    parser.add_argument('--second', choices=tuple(SECOND), default=DEFAULT,
                        help='light and weather of the second lap')
    parser.add_argument('--rate', type=positive, default=RATE_HZ,
                        help='frames per second of the rendered drive')
    parser.add_argument('--seed', type=int, default=0, help='of the rendered town')
    add_settings(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    from vpr_ros.ros.node_evaluation import replay_through_node  # noqa: PLC0415 - needs rclpy

    settings = settings_of(args)
    bag = args.bag
    if bag is not None:
        storage_files(bag)
    if args.out.exists() and not args.out.is_dir():
        raise DataError(f'--out {args.out} is a file; name a folder')
    args.out.mkdir(parents=True, exist_ok=True)
    with ProgressBar() as bar:
        if bag is None:
            bag = args.out / 'drive'
            print(f'Rendering two laps through a town, the second in other light '
                  f'({args.second}) ...')
            render_demo_bag(bag, seed=args.seed, rate_hz=args.rate, second=args.second,
                            progress=bar)
    truth = ground_truth_of_bag(
        bag, args.ground_truth, image_topic=args.image_topic, radius_m=RADIUS_M,
        heading_deg=HEADING_DEG,
    )
    map_path = args.out / 'demo.vprmap'
    map_path.unlink(missing_ok=True)
    print('Starting the node place_recognition and playing the bag into it ...')
    with ProgressBar() as bar:
        result = replay_through_node(
            bag, settings, truth, map_path=map_path, namespace='/vpr_demo', progress=bar,
            topics=BagTopics(args.image_topic, args.odometry_topic),
        )
    figures = result.to_json()
    print(summary_text(figures))
    print(f'  map: {map_path}')
    print(f'  report: {write_report(result, args.out)}')
    return figures


VERB = Verb(
    ('demo',), 'render a drive, run the node on it, write a report',
    'vpr demo --out demo_out', _arguments, _run,
)
