# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m training VERB``: the table of verbs, each a module of :mod:`training.verbs`.

Exit codes: 0, 1 for a known error (one sentence), 2 for wrong usage.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import os
import sys

import torch

from training.verbs import (
    average,
    claims,
    cluster,
    curves,
    embedding,
    evaluate,
    export,
    heatmap,
    import_checkpoint,
    peers,
    prepare,
    render,
    train,
    whiten,
)
from vpr_ros.errors import VprError

DESCRIPTION = 'Learns place recognition networks and hands them over to the robot.'
VERBS = (
    render.VERB,
    prepare.VERB,
    cluster.VERB,
    train.VERB,
    evaluate.VERB,
    average.VERB,
    whiten.VERB,
    export.VERB,
    import_checkpoint.VERB,
    heatmap.VERB,
    embedding.VERB,
    curves.VERB,
    claims.VERB,
    peers.VERB,
)


def make_parser() -> argparse.ArgumentParser:
    """All verbs with their options."""
    parser = argparse.ArgumentParser(prog='python -m training', description=DESCRIPTION)
    verbs = parser.add_subparsers(dest='verb', required=True)
    for verb in VERBS:
        sub = verbs.add_parser(verb.name, help=(verb.run.__doc__ or '').splitlines()[0],
                               epilog=f'example: python -m training {verb.name} {verb.example}')
        verb.add_arguments(sub)
        sub.set_defaults(function=verb.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    parsed = make_parser().parse_args(arguments)
    torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '0')) or torch.get_num_threads())
    try:
        parsed.function(parsed)
    except VprError as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0
