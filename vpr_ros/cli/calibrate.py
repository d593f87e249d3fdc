# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr calibrate``: fit the probability to result files of your own site."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.decision.features import FEATURES
from vpr_ros.evaluation.calibrate import expected_error, fit, samples_for, samples_of_file


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('results', type=Path, nargs='+',
                        help='JSON files of vpr evaluate or vpr replay, with ground truth')
    parser.add_argument('--out', type=Path, required=True, help='the calibration.json to write')
    parser.add_argument('--test', type=Path, nargs='+', default=[], metavar='RESULTS',
                        help='result files that are not fitted to, to report the error on')
    parser.add_argument('--penalty', type=float, default=1.0,
                        help='strength of the regularisation')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    samples = [row for path in args.results for row in samples_of_file(path)]
    source = 'fitted to ' + ', '.join(path.stem for path in args.results)
    calibration = fit(samples, penalty=args.penalty, source=source)
    args.out.write_text(json.dumps(calibration.to_json(), indent=2) + '\n', encoding='utf-8')
    test = [row for path in args.test for row in samples_of_file(path)]
    errors = {}
    for kind, model in calibration.models.items():
        weights = ', '.join(
            f'{name} {weight:.2f}'
            for name, weight in zip(FEATURES[kind], model.weights, strict=True))
        about = calibration.about[kind]
        print(f'{kind}: {about["samples"]} samples, {about["true"]} true; weights {weights}; '
              f'expected calibration error on these {about["ece_on_fit"]:.3f}')
        rows = samples_for(kind, test)
        if rows:
            errors[kind] = expected_error(model, rows)
            print(f'  on {len(rows)} samples not fitted to: {errors[kind]:.3f}')
    print(f'{args.out} written; use it with --set calibration={args.out}')
    return {**calibration.to_json(), 'ece_on_test': errors}


VERB = Verb(
    ('calibrate',), 'fit the probability to results of your own site',
    'vpr calibrate monday.json tuesday.json --out calibration.json', _arguments, _run,
)
