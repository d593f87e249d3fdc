# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``claims``: the papers' claims, tried at a small scale; prints a page for docs/results.md."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
import sys

from training.claims.scale import FULL, IMAGENET, QUICK, TOWER
from training.verbs.verb import Verb
from vpr_ros.whole_files import write_whole


def claims(arguments: argparse.Namespace) -> None:
    """Try the papers' claims on held-out places, and print a page that says which hold."""
    from training.claims.run import make_page, run_claims  # noqa: PLC0415 - slow import

    tower = '' if arguments.without_tower else arguments.tower
    scale = dataclasses.replace(QUICK if arguments.quick else FULL,
                                weights=arguments.weights, tower=tower)
    if not arguments.table:
        run_claims(arguments.out, scale, arguments.cells, report)
    text = make_page(arguments.out, scale)
    print(text, end='')
    if arguments.page:
        write_whole(arguments.page, text)


def report(line: str) -> None:
    """Progress goes beside the page."""
    print(line, file=sys.stderr, flush=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--out', type=Path, required=True,
                        help='folder of images and results; what is there is not made again')
    parser.add_argument('--page', type=Path, help='also write the page there')
    parser.add_argument('--quick', action='store_true',
                        help='a run of minutes that shows the way; its figures mean nothing')
    parser.add_argument('--cells', nargs='+', default=[''], metavar='TEXT',
                        help='only the cells with this in their names, such as sare or _0')
    parser.add_argument('--table', action='store_true', help='run nothing, print what is there')
    parser.add_argument('--weights', default=IMAGENET,
                        help='ImageNet weights of SqueezeNet 1.1, or torchvision; '
                             'default: %(default)s')
    parser.add_argument('--tower', default=TOWER,
                        help='folder of ie_tower, default: %(default)s')
    parser.add_argument('--without-tower', action='store_true', help='rendered towns alone')


VERB = Verb('claims', claims, add_arguments, '--out runs/claims --page runs/claims/claims.md')
