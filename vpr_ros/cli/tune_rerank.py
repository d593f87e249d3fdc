# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr tune-rerank``: choose the weights of the re-ranking on training data."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from vpr_ros.assembly import model_of
from vpr_ros.cli.verb import add_json, add_settings, ProgressBar, settings_of, Verb
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.rerank_tuning import CANDIDATES, compare_queries, STEP, tune
from vpr_ros.evaluation.selection import select_conditions
from vpr_ros.rerank.presets import PAPER_WEIGHTS
from vpr_ros.whole_files import replacing


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('dataset', type=Path, nargs='+',
                        help='data sets to tune on; those to be reported on must not be among '
                             'them')
    parser.add_argument('--without', nargs='+', default=[], metavar='CONDITION',
                        help='conditions (floors, seasons) to leave out of the data sets that '
                             'have them, such as those held out')
    parser.add_argument('--candidates', type=int, default=CANDIDATES,
                        help='compared with each query (default: %(default)s)')
    parser.add_argument('--step', type=float, default=STEP,
                        help='of the grid of weights (default: %(default)s)')
    parser.add_argument('--dry-run', action='store_true', help='leave the card as it is')
    add_settings(parser)
    add_json(parser)


def write_card(path: Path, entry: dict[str, Any]) -> None:
    """Put the field ``rerank`` into a card; the file is replaced whole or not at all."""
    raw = json.loads(path.read_text(encoding='utf-8')) | {'rerank': entry}
    with replacing(path) as draft:
        draft.write_text(json.dumps(raw, indent=2) + '\n', encoding='utf-8')
        draft.chmod(path.stat().st_mode & 0o777)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    model = model_of(settings_of(args))
    compared = []
    for path in args.dataset:
        dataset = load_dataset(path)
        known = {image.condition for image in (*dataset.database, *dataset.queries)}
        dataset = select_conditions(dataset, without=sorted(known & set(args.without)))
        with ProgressBar() as bar:
            compared.append(
                compare_queries(dataset, model, candidates=args.candidates, progress=bar))
    found = tune(compared, model.card, step=args.step, paper=PAPER_WEIGHTS)
    for one in compared:
        recall = found.recall[one.name]
        print(f'{one.name}, {len(one.right)} queries: R@1 by similarity '
              f'{recall["similarity"]:.3f}, paper\'s weights {recall["paper"]:.3f}, tuned '
              f'{recall["tuned"]:.3f}')
    weights = ', '.join(f'{size}: {weight:g}' for size, weight in found.weights.items())
    print(f'weights {weights}; similarity {found.similarity_weight:g}')
    entry = {
        'weights': {str(size): weight for size, weight in found.weights.items()},
        'similarity_weight': found.similarity_weight,
        'tuned_on': [{'name': one.name, 'queries': len(one.right), 'recall_at_1':
                      {key: round(value, 4) for key, value in found.recall[one.name].items()}}
                     for one in compared],
        'left_out': args.without, 'candidates': args.candidates, 'step': args.step,
    }
    if not args.dry_run:
        write_card(model.card.path, entry)
        print(f'{model.card.path}: rerank written')
    return entry


VERB = Verb(
    ('tune-rerank',), 'choose the weights of the re-ranking on training data, into the card',
    'vpr tune-rerank my_training_set --model my_model.onnx', _arguments, _run,
)
