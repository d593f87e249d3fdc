# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr replay``: which loops of a recorded drive are closed, and which are not, and why."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.assembly import open_recognizer
from vpr_ros.bags import BagReader
from vpr_ros.building import count_frames, frames_of
from vpr_ros.cli.verb import ProgressBar, Verb, add_json, add_settings, settings_of
from vpr_ros.evaluation.ground_truth import GroundTruth
from vpr_ros.evaluation.ground_truth_files import ground_truth_of_poses, load_ground_truth
from vpr_ros.evaluation.replay import replay
from vpr_ros.evaluation.report import write_report


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('bag', type=Path, help='rosbag2 folder or file, or a folder of images')
    parser.add_argument('--map', type=Path,
                        help='localise in this map instead of mapping from nothing')
    parser.add_argument('--ground-truth', metavar='FILE|TOPIC',
                        help='CSV or TUM file, or a topic of the bag that holds poses')
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


def ground_truth_of(
    bag: Path, source: str | None, *, radius_m: float, heading_deg: float,
    tolerance_frames: float = 15.0,
) -> GroundTruth | None:
    """Ground truth from a file, or from a topic of the bag; None for no source.

    Raises:
        DataError: it cannot be read.
    """
    if source is None:
        return None
    if source.startswith('/') and not Path(source).exists():
        with BagReader(bag) as reader:
            poses = [(stamped.stamp_ns, stamped.pose) for stamped in reader.poses(source)]
        return ground_truth_of_poses(poses, radius_m=radius_m, heading_deg=heading_deg)
    return load_ground_truth(source, radius_m=radius_m, heading_deg=heading_deg,
                             tolerance_frames=tolerance_frames)


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
        lines.append(f'  precision {loops["precision"]:.3f}, recall {loops["recall"]:.3f}, recall '
                     f'at 100 % precision {figures["recall_at_100_precision"]:.3f}')
        if figures['missed_reasons']:
            reasons = ', '.join(f'{k} {v}' for k, v in figures['missed_reasons'].items())
            lines.append(f'  missed because: {reasons}')
    if latency:
        lines.append(f'  recognition p50 {latency["p50"]:.1f} ms, p99 {latency["p99"]:.1f} ms')
    return '\n'.join(lines)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    settings = settings_of(args)
    truth = ground_truth_of(
        args.bag, args.ground_truth, radius_m=args.radius, heading_deg=args.heading,
        tolerance_frames=args.tolerance_frames,
    )
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
