# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr bench``: how fast everything is on this machine, against the peers' form."""

from __future__ import annotations

import argparse
from pathlib import Path
import tempfile
from typing import Any

import numpy as np

from vpr_ros.assembly import model_identity, model_of
from vpr_ros.bench import patches, pipeline, rerank, robot, scale, scale_report
from vpr_ros.bench.scale_real import load_real, Real
from vpr_ros.cli.verb import (
    add_json,
    add_settings,
    not_negative,
    ProgressBar,
    settings_of,
    Verb,
)
from vpr_ros.errors import ConfigError
from vpr_ros.evaluation.about import about
from vpr_ros.evaluation.descriptor_cache import CACHE_FILE, cache_folder, DescriptorCache
from vpr_ros.settings import Settings

NODE_PLACES = 1000
NODE_RATE_HZ = 30.0
NODE_IMAGES = 120


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--seconds', type=not_negative, default=60.0,
                        help='how long the node is measured under 30 Hz; 0 leaves it out')
    parser.add_argument('--only-node', action='store_true', help='leave the other rows out')
    parser.add_argument('--scale', nargs='?', const=','.join(map(str, scale.SIZES)),
                        metavar='PLACES,...', help='measure maps of these sizes instead '
                                                   '(default: %(const)s)')
    parser.add_argument('--index', default='auto', metavar='KIND,...',
                        help='with --scale: kinds of index (default: %(default)s)')
    parser.add_argument('--like', type=Path, metavar='MAP',
                        help="with --scale: spread descriptors as this map's are")
    parser.add_argument('--real', type=Path, nargs='+', default=[], metavar='DATASET',
                        help='with --scale: mix the images of data sets into the maps, or the '
                             'places of .vprmap files, and ask for them too')
    parser.add_argument('--keep', type=Path, metavar='FOLDER',
                        help='with --scale: leave the maps there, and use those that are there')
    parser.add_argument('--queries', type=int, default=scale.QUERIES,
                        help='with --scale: places that are looked for (default: %(default)s)')
    parser.add_argument('--plot', type=Path, metavar='FILE.svg',
                        help='with --scale: draw cost against size')
    add_settings(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    if args.scale is not None:
        with ProgressBar() as bar:
            return scale_report.run(args.scale, args.index, like=args.like,
                                    real=_real(args, bar), queries=args.queries, keep=args.keep,
                                    plot=args.plot, progress=bar)
    if args.only_node and args.seconds == 0:
        raise ConfigError('--only-node with --seconds 0 leaves nothing to measure; give seconds')
    settings = settings_of(args)
    model = model_of(settings)
    result: dict[str, Any] = {'format': 1, 'about': about(model), 'rows': []}
    if not args.only_node:
        rows = [robot.preprocess_row(), robot.search_row(1000), robot.search_row(10_000),
                *rerank.rerank_rows()]
        described = patches.patch_row()
        if described is None:
            print('patch descriptors: left out, pip install onnx to time them')
        else:
            rows.append(described)
        result['rows'] = rows
        print(f'{"":34} {"ours":>14} {"peer form":>14} {"ratio":>7}  equal')
        for row in rows:
            ours, peer = _measured(row, 'ours'), _measured(row, 'peer')
            print(f'{row["name"]:34} {ours:>14} {peer:>14} {row["ratio"]:>6.1f}x  '
                  f'{"yes" if row["equal"] else "NO"} ({row["tolerance"]})')
        result['describe_ms'] = robot.describe_ms(model)
        with tempfile.TemporaryDirectory() as folder:
            result['add_ms'] = robot.add_ms(f'{folder}/bench.vprmap', model_identity(model))
        print(f'describe an image with {model.card.name}: p50 {result["describe_ms"]["p50"]} ms, '
              f'p99 {result["describe_ms"]["p99"]} ms; add a place to a map on disk: p50 '
              f'{result["add_ms"]} ms')
        with ProgressBar() as bar:
            result['pipeline'] = pipeline.measure(model, camera_images(), progress=bar)
        _print_pipeline(result['pipeline'])
    if args.seconds > 0:
        result['node'] = _node(settings, model, args.seconds)
    return result


def _real(args: argparse.Namespace, bar: ProgressBar) -> Real | None:
    if not args.real:
        return None
    with DescriptorCache(cache_folder() / CACHE_FILE) as cache:
        return load_real(args.real, model_of(settings_of(args)), cache, bar)


def _print_pipeline(found: dict[str, Any] | None) -> None:
    if found is None:
        print('whole pipeline with re-ranking: left out, the model has no patches')
        return
    print(f'whole pipeline, map of {found["places"]} places, re-ranking {found["rerank"]}: '
          f'{found["recognitions_per_s"]:.1f} recognitions/s, p50 {found["p50_ms"]} ms, p99 '
          f'{found["p99_ms"]} ms (re-ranking p50 {found["rerank_p50_ms"]} ms); with a deadline of '
          f'{found["deadline_ms"]} ms: p50 {found["with_deadline_p50_ms"]} ms, p99 '
          f'{found["with_deadline_p99_ms"]} ms, most {found["with_deadline_max_ms"]} ms, '
          f'{found["frames_over_by_a_tenth"]} of {found["frames"]} frames over by more than a '
          f'tenth ({found["over_without_reranking"]} before re-ranking began), '
          f'{found["shed_p50"]} of 100 candidates shed, {found["patch_bytes_per_place"]} patch '
          f'bytes a place')


def _measured(row: dict[str, Any], whose: str) -> str:
    """Write a row's time or size, with its unit."""
    if f'{whose}_ms' in row:
        return f'{row[f"{whose}_ms"]:.2f} ms'
    return f'{row[f"{whose}_bytes"] / 1e3:.1f} kB'


def _node(settings: Settings, model: Any, seconds: float) -> dict[str, Any]:
    """Measure the running node with a camera of 640x480 at 30 Hz and a map of 1,000 places."""
    from vpr_ros.ros.bench_node import measure  # noqa: PLC0415 - needs rclpy
    from vpr_ros.ros.node_process import NodeProcess, use_large_image_profile  # noqa: PLC0415

    images = camera_images()
    use_large_image_profile()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'bench.vprmap'
        identity = model_identity(model)
        descriptors = robot.drive_descriptors(
            np.random.default_rng(0), NODE_PLACES, identity.dim)
        robot.filled_map(str(path), identity, descriptors).close()
        parameters = {**settings.as_dict(), 'map_path': str(path), 'use_odometry': False}
        with NodeProcess(parameters, namespace='/vpr_bench') as process, ProgressBar() as bar:
            load = measure(process, images, rate_hz=NODE_RATE_HZ, seconds=seconds, progress=bar)
    figures = load.as_dict()
    print(f'node, 640x480 at {NODE_RATE_HZ:g} Hz, map of {NODE_PLACES} places, mapping, '
          f'{figures["seconds"]:g} s: {figures["recognitions_per_s"]:.1f} recognitions/s, '
          f'end to end p50 {figures["latency_p50_ms"]} ms, p99 {figures["latency_p99_ms"]} ms, '
          f'memory {figures["memory_start_mb"]} -> {figures["memory_end_mb"]} MB')
    return {'places': NODE_PLACES, 'rate_hz': NODE_RATE_HZ, **figures}


def camera_images(count: int = NODE_IMAGES) -> list[Any]:
    """Frames of a rendered drive, rendered once and sent over and over."""
    from vpr_ros.world import Camera, Conditions, Drive, World  # noqa: PLC0415

    drive = Drive(World(seed=3, kind='town'), Conditions(), seed=3, rate_hz=10, speed_mps=5,
                  camera=Camera())
    return [drive.frame(number).image for number in range(min(count, len(drive)))]


VERB = Verb(
    ('bench',), 'measure speed on this machine, against the form that peers use',
    'vpr bench --seconds 300 --json bench.json', _arguments, _run,
)
