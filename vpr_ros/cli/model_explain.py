# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr model explain``: which parts of an image a model looks at."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2

from vpr_ros.cli.verb import add_json, ProgressBar, Verb
from vpr_ros.errors import DataError
from vpr_ros.evaluation.explain import explain_image
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.occlusion import OVERLAP, SQUARE
from vpr_ros.model import load_model


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('model', help='bundled model by name, or the path of an .onnx or its card')
    parser.add_argument('image', type=Path, help='a grey square is slid over it')
    parser.add_argument('--match', type=Path, metavar='IMAGE',
                        help='show what speaks for this match rather than what changes at all')
    parser.add_argument('--out', type=Path, required=True, metavar='PNG', help='the picture')
    parser.add_argument('--square', type=float, default=SQUARE, metavar='SHARE',
                        help=f'side of the square as a share of the shorter side of the image '
                             f'(default: {SQUARE:.2f})')
    parser.add_argument('--overlap', type=int, default=OVERLAP, metavar='N',
                        help=f'positions within one side of the square (default: {OVERLAP})')
    parser.add_argument('--provider', default='auto', help='auto, cuda, tensorrt or cpu')
    add_json(parser)


def _run(args: argparse.Namespace) -> dict[str, Any]:
    image = read_image(args.image)
    other = read_image(args.match) if args.match else None
    model = load_model(args.model, provider=args.provider)
    if model.warning:
        print(model.warning)
    with ProgressBar() as bar:
        explained = explain_image(model, image, other, square=args.square, overlap=args.overlap,
                                  progress=bar)
    picture = cv2.cvtColor(explained.picture(), cv2.COLOR_RGB2BGR)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(str(args.out), picture)
    except cv2.error:
        written = False
    if not written:
        raise DataError(f'{args.out} cannot be written; name a .png in a folder that can be '
                        f'written to')
    print(explained.sentence())
    print(f'  {args.out}')
    found = explained.occlusion
    return {'format': 1, 'model': model.card.name, 'image': str(args.image),
            'match': str(args.match) if args.match else None, 'similarity': found.similarity,
            'square_px': found.square_px, 'change': found.change.tolist()}


VERB = Verb(
    ('model', 'explain'), 'draw which parts of an image a model looks at',
    'vpr model explain default query.jpg --match database.jpg --out heat.png', _arguments, _run,
)
