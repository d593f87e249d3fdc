# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr model vocabulary``: make a comparison model from a folder of images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from vpr_ros.baselines.model import open_comparison
from vpr_ros.baselines.writing import make_comparison
from vpr_ros.cli.verb import add_json, ProgressBar, Verb
from vpr_ros.errors import DataError
from vpr_ros.evaluation.dataset import list_images
from vpr_ros.model.card import COMPARISONS, load_card

LEARNED = ('rootsift_vlad', 'bag_of_words')


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('images', type=Path, nargs='*',
                        help=f'folders to learn from (for {" and ".join(LEARNED)})')
    parser.add_argument('--kind', choices=COMPARISONS, required=True)
    parser.add_argument('--out', type=Path, required=True, metavar='NAME.json',
                        help='the card to write; the parameters go beside it')
    parser.add_argument('--size', default='', metavar='WxH',
                        help='input of the model (default: 320x240, thumbnail 64x32)')
    parser.add_argument('--words', type=int, default=0,
                        help='clusters of VLAD (default: 64) or words (default: 2048)')
    parser.add_argument('--dim', type=int, default=256, help='of RootSIFT-VLAD after whitening')
    parser.add_argument('--features', type=int, default=500, help='most features of an image')
    parser.add_argument('--every', type=int, default=1, metavar='N',
                        help='learn from every Nth image only')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--about', default='', help='what the images are, for the card')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    if bool(args.images) != (args.kind in LEARNED):
        raise DataError(f'--kind {args.kind} takes '
                        f'{"at least one folder of images" if args.kind in LEARNED else "none"}')
    paths = [path for folder in args.images for path in list_images(folder)][::max(args.every, 1)]
    with ProgressBar() as bar:
        card_path = make_comparison(
            args.kind, args.out, paths, size=_size(args.size), words=args.words, dim=args.dim,
            features=args.features, seed=args.seed, about=args.about, progress=bar,
        )
    card = load_card(card_path)
    open_comparison(card)
    megabytes = card.file_path.stat().st_size / 1e6
    print(f'{card.name}: {card.kind}, {card.width}x{card.height} -> {card.global_dim} numbers, '
          f'{megabytes:.2f} MB in {card.file_path}')
    return {'format': 1, 'model': dict(card.raw), 'images': len(paths)}


def _size(text: str) -> tuple[int, int] | None:
    """(width, height) from WxH."""
    if not text:
        return None
    width, _, height = text.partition('x')
    if not (width.isdigit() and height.isdigit()):
        raise DataError(f'--size {text!r} was given, expected WIDTHxHEIGHT, for example 320x240')
    return int(width), int(height)


VERB = Verb(
    ('model', 'vocabulary'), 'make a comparison model: RootSIFT-VLAD, words, HOG, thumbnails',
    'vpr model vocabulary my_images --kind bag_of_words --out runs/my_words.json', _arguments,
    _run,
)
