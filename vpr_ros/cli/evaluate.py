# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr evaluate``: how well a model recognises the places of a data set."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.assembly import model_of
from vpr_ros.cli.verb import ProgressBar, Verb, add_json, add_settings, settings_of
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.evaluate import evaluate
from vpr_ros.evaluation.report import write_report


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('dataset', type=Path,
                        help='folder with database/, queries/ and ground_truth.csv, or with '
                             '@utm_east@utm_north@ file names')
    parser.add_argument('--report', type=Path, metavar='DIR', help='write an HTML report there')
    add_settings(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    settings = settings_of(args)
    dataset = load_dataset(args.dataset)
    model = model_of(settings)
    if model.warning:
        print(model.warning)
    with ProgressBar() as bar:
        result = evaluate(dataset, model, settings, progress=bar)
    summary = result.to_json()
    recalls = '  '.join(f'R@{n} {value:.3f}' for n, value in summary['recall'].items())
    print(f'{summary["dataset"]}, {summary["model"]}, {summary["queries"]} queries, '
          f'rerank {settings.rerank}')
    print(f'  {recalls}')
    curve = summary['precision_recall']
    print(f'  precision-recall AUC {curve["auc"]:.3f}, recall at 100 % precision '
          f'{curve["recall_at_100_precision"]:.3f}')
    stages = ', '.join(f'{name} {value["p50"]:.1f}/{value["p99"]:.1f}'
                       for name, value in summary['latency_ms'].items())
    print(f'  latency p50/p99 in ms: {stages}')
    if args.report is not None:
        print(f'  report: {write_report(result, args.report)}')
    return summary


VERB = Verb(
    ('evaluate',), 'evaluate a model on a data set',
    'vpr evaluate my_dataset --model default --json result.json', _arguments, _run,
)
