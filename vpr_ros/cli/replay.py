# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr replay``: which loops of a recorded drive are closed, and which are not, and why."""

from __future__ import annotations

import argparse
from itertools import islice
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vpr_ros.assembly import open_recognizer
from vpr_ros.bags import BagReader, is_bag
from vpr_ros.building import BagTopics, Cameras, count_moments, moments_of
from vpr_ros.cli.topics import add_topics, topics_of
from vpr_ros.cli.verb import (
    add_json,
    add_settings,
    not_negative,
    positive,
    ProgressBar,
    settings_of,
    Verb,
)
from vpr_ros.errors import ConfigError
from vpr_ros.evaluation.ground_truth import GroundTruth
from vpr_ros.evaluation.ground_truth_files import load_ground_truth
from vpr_ros.evaluation.ground_truth_of_bag import ground_truth_of_bag
from vpr_ros.evaluation.replay import replay
from vpr_ros.evaluation.replay_result import ReplayResult
from vpr_ros.evaluation.report import write_report
from vpr_ros.evaluation.report.animation import check_animation, write_animation
from vpr_ros.settings import Settings

MOST_JOBS = 8


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('bag', type=Path, help='rosbag2 folder or file, or a folder of images')
    parser.add_argument('--map', type=Path,
                        help='localise in this map instead of mapping from nothing')
    parser.add_argument('--ground-truth', metavar='FILE|TOPIC',
                        help='CSV or TUM file, or a topic of the bag that holds poses (default: '
                             '/ground_truth/pose where the bag has it)')
    parser.add_argument('--radius', type=positive, default=5.0,
                        help='poses nearer than this many metres show the same place')
    parser.add_argument('--heading', type=not_negative, default=45.0,
                        help='... when their headings differ by at most so many degrees')
    parser.add_argument('--tolerance-frames', type=not_negative, default=15.0,
                        help='the same for ground truth in frames')
    add_topics(parser)
    parser.add_argument('--jobs', type=int, default=0,
                        help='offline: frames described at once; 0 takes one per core, 1 leaves '
                             'all cores to each, as on the robot')
    parser.add_argument('--every', type=int, default=1, metavar='N',
                        help='offline: take one frame of every N, as a slower camera gives them')
    parser.add_argument('--node', action='store_true',
                        help='through the running node over real topics, not offline')
    parser.add_argument('--rate', type=not_negative, default=0.0,
                        help='with --node: speed as a multiple of the recorded one; 0 waits for '
                             'every answer')
    parser.add_argument('--animation', type=Path, metavar='FILE',
                        help='write a short animation of the drive: .webp, .gif or .png')
    parser.add_argument('--report', type=Path, metavar='DIR', help='write an HTML report there')
    add_settings(parser)
    add_json(parser)


def summary_text(figures: dict[str, Any]) -> str:
    """Write the figures of a replay as a few lines."""
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
        lines += _table('distance to the place', figures['by_distance'], figures['distance_unit'])
        lines += _table('heading change', figures['by_heading_change'], 'deg')
        located = figures['localisation']
        if located and located['queries']:
            lines.append('  located by the accepted place: ' + ', '.join(
                f'{_share(row["share"])} within {row["distance_m"]:g} m and '
                f'{row["angle_deg"]:g} deg' for row in located['within']))
    if latency:
        lines.append(f'  recognition p50 {latency["p50"]:.1f} ms, p99 {latency["p99"]:.1f} ms')
    speed = figures['throughput']
    if speed:
        lines.append(f'  {speed["frames_per_s"]:.0f} frames/s, {speed["times_real_time"]:.1f} x '
                     f'real time, {speed["jobs"]} described at once')
    return '\n'.join(lines)


def _table(heading: str, rows: list[dict[str, Any]], unit: str) -> list[str]:
    """Write a table of :class:`LoopTable` as lines."""
    lines = [f'  {heading:>21}  revisits   true  false  missed  recall'] if rows else []
    for row in rows:
        span = f'{row["from"]:g} to {row["to"]:g}' if row['to'] is not None \
            else f'from {row["from"]:g}'
        lines.append(f'  {f"{span} {unit}":>21}  {row["revisits"]:8d} {row["true"]:6d} '
                     f'{row["false"]:6d} {row["missed"]:7d}  {_share(row["recall"]):>6}')
    return lines


def _share(value: float | None) -> str:
    """Write a fraction, or a dash where there is nothing to divide by."""
    return '-' if value is None else f'{value:.3f}'


def _run(args: argparse.Namespace) -> dict[str, Any]:
    if args.animation is not None:
        check_animation(args.animation)
    if args.every < 1 or (args.every > 1 and args.node):
        raise ConfigError(f'--every {args.every} found, expected 1 or more, and 1 with --node')
    settings = settings_of(args)
    limits = {'radius_m': args.radius, 'heading_deg': args.heading,
              'tolerance_frames': args.tolerance_frames}
    truth: GroundTruth | None = None
    topics = topics_of(args)
    if is_bag(args.bag):
        truth = ground_truth_of_bag(
            args.bag, args.ground_truth, image_topic=_leading(args.bag, topics, settings),
            **limits)
    elif args.ground_truth is not None:
        truth = load_ground_truth(args.ground_truth, **limits)
    if args.every > 1 and truth is not None and truth.needs_frames:
        raise ConfigError(f'--every {args.every} does not go with a ground truth that numbers the '
                          f'frames; expected one with stamps')
    with ProgressBar() as bar:
        if args.node:
            from vpr_ros.ros.node_evaluation import replay_through_node  # noqa: PLC0415

            result = replay_through_node(
                args.bag, settings, truth, map_path=args.map, mapping=args.map is None,
                rate=args.rate, progress=bar, topics=topics,
            )
        else:
            result = _offline(args, settings, topics, truth, bar)
    figures = result.to_json()
    print(summary_text(figures))
    if args.report is not None:
        print(f'  report: {write_report(result, args.report)}')
    if args.animation is not None:
        print(f'  animation: {write_animation(result, args.animation)}')
    return figures


def _leading(bag: Path, topics: BagTopics, settings: Settings) -> str:
    """Return the image topic of the camera whose images a ground truth of laps numbers."""
    with BagReader(bag) as reader:
        return next(iter(Cameras(settings).topics(reader, topics).images.values()))


def _offline(
    args: argparse.Namespace, settings: Settings, topics: BagTopics, truth: GroundTruth | None,
    bar: ProgressBar,
) -> ReplayResult:
    """As fast as it goes: frames are described several at once, one thread each."""
    if args.jobs < 0:
        raise ConfigError(f'--jobs {args.jobs} found, expected 0 or more')
    jobs = args.jobs or min(os.cpu_count() or 1, MOST_JOBS)
    if jobs > 1 and settings.threads == 0:
        settings = settings.replace(threads=1)
    with TemporaryDirectory(prefix='vpr_replay_') as folder:
        map_path: str | Path = args.map or ''
        if args.map is None:
            settings = settings.replace(thumbnail_width_px=0)  # nobody sees this map
            if settings.rerank != 'none':
                map_path = Path(folder) / 'replay.vprmap'  # patches would fill the memory
        recognizer = open_recognizer(
            settings, map_path=map_path, mapping=args.map is None, session=args.bag.name)
        cameras = Cameras(settings)
        if cameras.set.several:
            recognizer.use_rig(cameras.set.rig.yaw_rad)
        with recognizer.place_map:
            return replay(
                islice(moments_of(args.bag, topics, cameras), 0, None, args.every),
                recognizer, truth,
                bag=args.bag.name, progress=bar, jobs=jobs,
                total=-(-count_moments(args.bag, topics, cameras) // args.every),
                pictures=args.report is not None or args.animation is not None,
            )


VERB = Verb(
    ('replay',), 'replay a bag and score its loop closures',
    'vpr replay drive --ground-truth /ground_truth/pose --report report', _arguments, _run,
)
