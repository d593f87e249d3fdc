# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``export``: the options of :mod:`training.export_command`."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.datasets import open_set
from training.export_command import export_verb, patch_sizes
from training.storage import SCHEMES
from training.train import INPUT_HEIGHT, INPUT_WIDTH
from training.verbs.verb import add_recipe, add_size, Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--model', type=Path, required=True)
    add_recipe(parser)
    parser.add_argument('--out', type=Path, required=True)
    add_size(parser, INPUT_HEIGHT, INPUT_WIDTH)
    parser.add_argument('--check-images', required=True, help=open_set.__doc__)
    parser.add_argument('--results', type=Path, help='JSON that goes into the card')
    parser.add_argument('--training', help="JSON object merged into the card's training field")
    parser.add_argument('--command', default='python -m training train')
    parser.add_argument('--patches', type=patch_sizes, metavar='SIZE[:STRIDE],...',
                        help='also put out patch descriptors of these sizes, in feature cells')
    parser.add_argument('--patch-dim', type=int, default=128)
    parser.add_argument('--patch-clusters', type=int, default=0, metavar='K',
                        help='give patches K clusters of their own on all channels of the '
                             "backbone (default: 0, the network's own clusters)")
    parser.add_argument('--patch-images', type=int, default=25,
                        help="of each environment, to fit the patches' projection on")
    parser.add_argument('--patch-power', type=float, default=0.0,
                        help='0 rotates only, 1 whitens')
    parser.add_argument('--update-card', action='store_true',
                        help='same weights as the file that is there: keep what its card says')
    parser.add_argument('--storage', choices=SCHEMES, default='compact',
                        help='of the weights: compact is float16, and int8 for large matrices '
                             '(default: compact)')
    parser.add_argument('--int8-calibration', type=Path, metavar='FOLDER',
                        help="make the backbone's convolutions int8, their ranges from the images "
                             'there; recall on --check-images is measured before and after')
    parser.add_argument('--int8-images', type=int, default=64,
                        help='taken of that folder at most (default: %(default)s)')
    parser.add_argument('--max-recall-loss', type=float, default=0.02,
                        help='of recall@1 that int8 may cost (default: %(default)s)')


VERB = Verb('export', export_verb, add_arguments,
            '--model runs/default/best.pt --out models/default.onnx '
            '--check-images ../shared/data/corridor')
