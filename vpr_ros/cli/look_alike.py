# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr look-alike``: how often places are accepted that only look like those of the map."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.assembly import model_of
from vpr_ros.cli.verb import add_json, add_settings, ProgressBar, settings_of, Verb
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.look_alike import figures_of, look_alike, pair_of


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('dataset', type=Path,
                        help='data set whose images name the part that they show (the column '
                             'floor of frames.csv, or a condition)')
    parser.add_argument('pairs', nargs='+', metavar='MAPPED:WALKED',
                        help='make the map of one part and walk the other in it; no place of '
                             'the one may be in the other')
    add_settings(parser)
    add_json(parser)


def summary_text(figures: dict[str, Any]) -> str:
    """Write the figures as a few lines."""
    lines = [f'{figures["dataset"]}, {figures["model"]}, rerank {figures["rerank"]}: '
             f'{figures["frames"]} frames in maps without their places; every match is wrong']
    lines += [
        f'  {pair["walked"]} in the map of {pair["mapped"]}: {pair["frames"]} frames, '
        f'{pair["places"]} places, '
        + ', '.join(f'{reason} {count}' for reason, count in pair['reasons'].items())
        for pair in figures['pairs']]
    for least, row in figures['accepted'].items():
        low, high = row['interval_95'] or (0.0, 0.0)
        lines.append(f'  accepted at min_probability {least}: {row["frames"]} frames, '
                     f'{100 * row["share"]:.2f} % ({100 * low:.2f} to {100 * high:.2f})')
    return '\n'.join(lines)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    settings = settings_of(args)
    pairs = [pair_of(text) for text in args.pairs]
    dataset, model = load_dataset(args.dataset), model_of(settings)
    with ProgressBar() as bar:
        results = look_alike(dataset, pairs, model, settings, progress=bar)
    figures = figures_of(results, dataset, model, settings)
    print(summary_text(figures))
    return figures


VERB = Verb(
    ('look-alike',), 'count what is accepted of places that only look like the map',
    'vpr look-alike ../shared/data/ie_tower floor12:floor15 --set min_probability=0.9',
    _arguments, _run,
)
