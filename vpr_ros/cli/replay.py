# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr replay``: which loops of a recorded drive are closed, and which are not, and why."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.assembly import open_recognizer
from vpr_ros.bags import is_bag
from vpr_ros.building import count_frames, frames_of
from vpr_ros.cli.verb import ProgressBar, Verb, add_json, add_settings, settings_of
from vpr_ros.evaluation.ground_truth import GroundTruth
from vpr_ros.evaluation.ground_truth_files import load_ground_truth
from vpr_ros.evaluation.ground_truth_of_bag import ground_truth_of_bag
from vpr_ros.evaluation.replay import replay
from vpr_ros.evaluation.report import write_report


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('bag', type=Path, help='rosbag2 folder or file, or a folder of images')
    parser.add_argument('--map', type=Path,
                        help='localise in this map instead of mapping from nothing')
    parser.add_argument('--ground-truth', metavar='FILE|TOPIC',
                        help='CSV or TUM file, or a topic of the bag that holds poses (default: '
                             '/ground_truth/pose where the bag has it)')
    parser.add_argument('--radius', type=float, default=5.0,
                        help='poses nearer than this many metres show the same place')
    parser.add_argument('--heading', type=float, default=45.0,
                        help='... when their headings differ by at most so many degrees')
    parser.add_argument('--tolerance-frames', type=float, default=15.0,
                        help='the same for ground truth in frames')
    parser.add_argument('--image-topic', help='image topic, if the bag holds several')
    parser.add_argument('--odometry-topic', help="odometry topic; '' uses none")
    parser.add_argument('--node', action='store_true',
                        help='through the running node over real topics, not offline')
    parser.add_argument('--rate', type=float, default=0.0,
                        help='with --node: speed as a multiple of the recorded one; 0 waits for '
                             'every answer')
    parser.add_argument('--report', type=Path, metavar='DIR', help='write an HTML report there')
    add_settings(parser)
    add_json(parser)


def summary_text(figures: dict[str, Any]) -> str:
    """The figures of a replay as a few lines."""
    loops, latency = figures['loop_closures'], figures['latency_ms'].get('total', {})
    lines = [f'{figures["bag"]}, {figures["model"]}, {figures["frames"]} frames, '
             f'{figures["keyframes"]} keyframes, rerank {figures["rerank"]}']
    if figures['ground_truth'] is None:
        lines.append(f'  loop closures accepted: {loops["unknown"]} (no ground truth)')
    else:
        lines.append(f'  loop closures: {loops["true"]} true, {loops["false"]} false, '
                     f'{loops["missed"]} missed of {figures["queries"]} revisited keyframes')
        lines.append(f'  precision {_share(loops["precision"])}, '
                     f'recall {_share(loops["recall"])}, '
                     f'recall at 100 % precision {_share(figures["recall_at_100_precision"])}')
        if figures['missed_reasons']:
            reasons = ', '.join(f'{k} {v}' for k, v in figures['missed_reasons'].items())
            lines.append(f'  missed because: {reasons}')
    if latency:
        lines.append(f'  recognition p50 {latency["p50"]:.1f} ms, p99 {latency["p99"]:.1f} ms')
    return '\n'.join(lines)


def _share(value: float | None) -> str:
    """A fraction, or a dash where there is nothing to divide by."""
    return '-' if value is None else f'{value:.3f}'


def _run(args: argparse.Namespace) -> dict[str, Any]:
    settings = settings_of(args)
    limits = {'radius_m': args.radius, 'heading_deg': args.heading,
              'tolerance_frames': args.tolerance_frames}
    truth: GroundTruth | None = None
    if is_bag(args.bag):
        truth = ground_truth_of_bag(
            args.bag, args.ground_truth, image_topic=args.image_topic, **limits)
    elif args.ground_truth is not None:
        truth = load_ground_truth(args.ground_truth, **limits)
    topics = {'image_topic': args.image_topic, 'odometry_topic': args.odometry_topic}
    total = count_frames(args.bag, args.image_topic)
    with ProgressBar() as bar:
        if args.node:
            from vpr_ros.ros.node_evaluation import replay_through_node  # noqa: PLC0415

            result = replay_through_node(
                args.bag, settings, truth, map_path=args.map, mapping=args.map is None,
                rate=args.rate, progress=bar, **topics,
            )
        else:
            recognizer = open_recognizer(
                settings, map_path=args.map or '', mapping=args.map is None, session=args.bag.name
            )
            with recognizer.place_map:
                result = replay(
                    frames_of(args.bag, **topics), recognizer, truth, bag=args.bag.name,
                    progress=bar, total=total,
                )
    figures = result.to_json()
    print(summary_text(figures))
    if args.report is not None:
        print(f'  report: {write_report(result, args.report)}')
    return figures


VERB = Verb(
    ('replay',), 'replay a bag and score its loop closures',
    'vpr replay drive --ground-truth /ground_truth/pose --report report', _arguments, _run,
)
