# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr evaluate``: how well a model recognises the places of a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.assembly import model_of
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
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.descriptor_cache import (
    CACHE_FILE,
    cache_folder,
    DEFAULT_MB,
    DescriptorCache,
)
from vpr_ros.evaluation.evaluate import evaluate
from vpr_ros.evaluation.explain import explain_result
from vpr_ros.evaluation.query_handling import HANDLINGS
from vpr_ros.evaluation.report import write_report
from vpr_ros.evaluation.selection import select_conditions
from vpr_ros.rerank.lacking import lacking_patches


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('dataset', type=Path,
                        help='folder with database/, queries/ and ground_truth.csv, or with '
                             '@utm_east@utm_north@ file names; docs/evaluation.md lists all forms')
    parser.add_argument('--radius', type=positive, metavar='METRES',
                        help='positions nearer than this show the same place (default: what the '
                             'data set says, else 25)')
    parser.add_argument('--split', default='', choices=('train', 'val', 'test'),
                        help='of images/{train,val,test}')
    parser.add_argument('--tolerant', action='store_true',
                        help='take the wider of two tolerances where the ground truth has both')
    parser.add_argument('--only', nargs='+', default=[], metavar='CONDITION',
                        help='conditions (floors, seasons) to keep')
    parser.add_argument('--without', nargs='+', default=[], metavar='CONDITION',
                        help='conditions to leave out')
    parser.add_argument('--query-handling', default='hard_resize', choices=HANDLINGS,
                        help='what is done with queries of another shape than the model takes')
    parser.add_argument('--spatial-nms', type=positive, metavar='METRES',
                        help='keep only the best prediction within so many metres (Tokyo 24/7)')
    parser.add_argument('--report', type=Path, metavar='DIR', help='write an HTML report there')
    parser.add_argument('--explain', type=int, default=0, metavar='N',
                        help='draw into the report what the model looked at in its N most '
                             'confident mistakes and N most confident right answers')
    parser.add_argument('--figure', type=Path, action='append', default=[], metavar='PICTURE',
                        help='put a picture into the report, such as training curves; may be '
                             'repeated')
    parser.add_argument('--cache', type=Path, metavar='DIR',
                        help='folder of the descriptor cache (default: ~/.cache/vpr_ros)')
    parser.add_argument('--cache-size', type=not_negative, default=DEFAULT_MB, metavar='MB',
                        help='bound of the descriptor cache')
    parser.add_argument('--no-cache', action='store_true',
                        help='describe every image anew and store nothing')
    add_settings(parser)
    add_json(parser)


def summary_text(figures: dict[str, Any]) -> str:
    """Write the figures of an evaluation as a few lines."""
    lines = [f'{figures["dataset"]}, {figures["model"]}, {figures["queries"]} queries, '
             f'rerank {figures["rerank"]}, {figures["query_handling"]}',
             f'  {_recalls(figures["recall"])}']
    retrieval, located = figures['mean_average_precision'], figures['localisation']
    if retrieval is not None and retrieval['map'] is not None:
        lines.append(f'  mean average precision {retrieval["map"]:.3f}')
    curve = figures['precision_recall']
    lines.append(f'  precision-recall AUC {curve["auc"]:.3f}, recall at 100 % precision '
                 f'{curve["recall_at_100_precision"]:.3f}')
    if located is not None:
        shares = ', '.join(f'{row["share"]:.3f} within {row["distance_m"]:g} m and '
                           f'{row["angle_deg"]:g} deg' for row in located['within'])
        lines.append(f'  located: {shares}')
    lines += [f'  {name}, {row["queries"]} queries: {_recalls(row["recall"])}'
              for name, row in figures['conditions'].items()]
    stages = ', '.join(f'{name} {value["p50"]:.1f}/{value["p99"]:.1f}'
                       for name, value in figures['latency_ms'].items())
    lines.append(f'  latency p50/p99 in ms: {stages}')
    return '\n'.join(lines)


def _recalls(recall: dict[str, float]) -> str:
    return '  '.join(f'R@{n} {value:.3f}' for n, value in recall.items())


def _run(args: argparse.Namespace) -> dict[str, Any]:
    if args.figure and args.report is None:
        raise ConfigError('--figure puts pictures into the report; give --report')
    if args.explain < 0 or (args.explain and args.report is None):
        raise ConfigError(f'--explain {args.explain} draws into the report; give a number from 1 '
                          f'and --report')
    settings = settings_of(args)
    dataset = load_dataset(
        args.dataset, radius_m=args.radius, split=args.split, tolerant=args.tolerant)
    dataset = select_conditions(dataset, only=args.only, without=args.without)
    model = model_of(settings)
    lacking = lacking_patches(settings.rerank, model.card, (), places=0)
    for warning in filter(None, (model.warning, lacking)):
        print(warning)
    path = None if args.no_cache else (args.cache or cache_folder()) / CACHE_FILE
    with ProgressBar() as bar, DescriptorCache(path, most_mb=args.cache_size) as cache:
        result = evaluate(
            dataset, model, settings, query_handling=args.query_handling,
            spatial_nms_m=args.spatial_nms, cache=None if args.no_cache else cache, progress=bar)
    if cache.problem:
        print(cache.problem)
    figures = result.to_json()
    print(summary_text(figures))
    if cache.hits:
        print(f'  {cache.hits} of {cache.hits + cache.misses} descriptors were in the cache; '
              f'their describe times are those of when they went in')
    if args.report is not None:
        with ProgressBar() as bar:
            explanations = explain_result(result, model, args.explain, progress=bar)
        report = write_report(result, args.report, explanations=explanations, figures=args.figure)
        print(f'  report: {report}')
    return figures


VERB = Verb(
    ('evaluate',), 'evaluate a model on a data set',
    'vpr evaluate my_dataset --model default --json result.json', _arguments, _run,
)
