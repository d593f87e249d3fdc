# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr model import``: a foreign ONNX model into the package's form, with its card."""

from __future__ import annotations

import argparse
from pathlib import Path
import shlex
from typing import Any

from vpr_ros.cli.model_check import check
from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.model import load_model
from vpr_ros.model.card import INTERPOLATIONS
from vpr_ros.model.importing import import_model, Imported
from vpr_ros.model.importing.preprocessing import COLORS


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('foreign', type=Path, metavar='FOREIGN.onnx',
                        help='float images in, (1, 3, H, W) or (1, H, W, 3), a descriptor out')
    parser.add_argument('--out', type=Path, required=True, metavar='DIR_OR_FILE.onnx',
                        help='the model to write, its card beside it; a folder is made if missing')
    parser.add_argument('--licence', required=True, metavar='TEXT',
                        help='of the weights, as their authors say: an SPDX expression or a '
                             'sentence')
    parser.add_argument('--name', default='', help="of the model (default: the file's)")
    parser.add_argument('--height', type=int, metavar='PX',
                        help='of the images, where the graph leaves it open')
    parser.add_argument('--width', type=int, metavar='PX', help='likewise')
    parser.add_argument('--mean', type=float, nargs=3, metavar=('C1', 'C2', 'C3'),
                        help="what is taken off each channel, in the graph's order of colours "
                             "(default: ImageNet's, 0.485 0.456 0.406; 0 0 0 with --scale)")
    parser.add_argument('--std', type=float, nargs=3, metavar=('C1', 'C2', 'C3'),
                        help="what each channel is then divided by (default: ImageNet's, 0.229 "
                             '0.224 0.225; 1 1 1 with --scale)')
    parser.add_argument('--scale', type=float, metavar='WHITE',
                        help='what white is before that (default: 1), such as 255')
    parser.add_argument('--color', choices=COLORS, default='rgb',
                        help='order of the channels that the graph wants (default: %(default)s)')
    parser.add_argument('--interpolation', choices=INTERPOLATIONS, default='area',
                        help='how images are resized, for the card (default: %(default)s, which '
                             'averages where they shrink)')
    parser.add_argument('--output', default='', metavar='NAME',
                        help='the descriptor, where the graph has several outputs; or any value '
                             'within it, such as what a classifier pools')
    parser.add_argument('--description', default='', metavar='TEXT',
                        help='one sentence for the card')
    parser.add_argument('--overwrite', action='store_true', help='replace a model that is there')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    imported = import_model(
        args.foreign, args.out, licence=args.licence, name=args.name, height=args.height,
        width=args.width, mean=args.mean, std=args.std, scale=args.scale, color=args.color,
        interpolation=args.interpolation, output=args.output, description=args.description,
        overwrite=args.overwrite)
    card = imported.card
    print(_sentence(imported))
    if imported.probabilities:
        print(f'{card.name}: these look like the probabilities of a classifier, which tell places '
              f'apart badly; take what it pools with --output, one of '
              f'{", ".join(imported.foreign.before)}')
    print(f'  {card.onnx_path}\n  {card.path}')
    checked = check(load_model(str(card.onnx_path)))
    print(f'next: vpr evaluate MY_DATASET --model {shlex.quote(str(card.onnx_path))}')
    return {'format': 1, 'model': dict(card.raw), 'cosine': imported.cosine,
            'images': imported.images, 'normalisation_added': imported.normalised,
            'probabilities': imported.probabilities, 'check': checked}


def _sentence(imported: Imported) -> str:
    card, foreign = imported.card, imported.foreign
    layout = '(1, 3, H, W)' if foreign.channels_first else '(1, H, W, 3)'
    (origin,) = card.raw['initialised_from']
    stated = origin['preprocessing']
    if foreign.takes_pixels:
        seen = f'pixels as {stated["color"]}'
    else:
        mean, std = (' '.join(f'{value:g}' for value in stated[key]) for key in ('mean', 'std'))
        seen = f'{stated["color"]}, white {stated["scale"]:g}, mean {mean}, std {std}'
    normalised = 'normalisation added' if imported.normalised else 'of length 1 already'
    return (f'{card.name}: {foreign.dtype} {layout} of {card.width}x{card.height}, {seen} -> '
            f'{card.global_dim} numbers, {normalised}\n'
            f'{card.name}: answers {imported.images} images as {foreign.path.name} does with that '
            f'preprocessing (smallest cosine {imported.cosine:.6f})')


VERB = Verb(
    ('model', 'import'), 'bring a foreign ONNX model in: CosPlace, MixVPR, SALAD and their like',
    'vpr model import cosplace.onnx --height 512 --width 512 --licence MIT --out runs/',
    _arguments, _run,
)
