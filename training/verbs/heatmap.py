# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``heatmap``: which parts of an image a network looks at."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from training import checkpoint
from training.images import read_rgb
from training.pictures.files import write_picture
from training.pictures.importance import importance_map
from training.train import INPUT_HEIGHT, INPUT_WIDTH
from training.verbs.evaluate import describer
from training.verbs.verb import add_size, Verb
from vpr_ros.errors import ConfigError
from vpr_ros.evaluation.explain import ExplainedImage
from vpr_ros.evaluation.heat_picture import heat_over, side_by_side
from vpr_ros.evaluation.occlusion import occlusion_map, OVERLAP, SQUARE
from vpr_ros.model.card import load_card
from vpr_ros.model.session import resize
from vpr_ros.types import FloatArray, ImageArray

METHODS = ('occlusion', 'importance')
FULL_SCALE = 99.5  # percentile of importance that gets the brightest colour


def heatmap(arguments: argparse.Namespace) -> None:
    """Draw where a network looks in an image: by hiding parts of it, or by its gradient."""
    model = arguments.model
    describe, height, width = describer(model, arguments.height, arguments.width)
    rule = load_card(model).interpolation if model.suffix == '.onnx' else 'area'

    def read(path: Path) -> ImageArray:
        return resize(read_rgb(path), height, width, rule)

    def one(image: ImageArray) -> FloatArray:
        return describe(image[None])[0]

    image = read(arguments.image)
    match = read(arguments.match) if arguments.match else None
    described = None if match is None else one(match)
    if arguments.method == 'importance':
        if model.suffix == '.onnx':
            raise ConfigError(f'importance needs gradients, which {model} does not have; give '
                              f'the checkpoint (.pt), or take --method occlusion')
        heat = importance_map(checkpoint.load_network(model), image, described)
        shown = heat_over(image, heat, signed=False, limit=float(np.percentile(heat, FULL_SCALE)))
        panels = [('image', image), ('importance, 0 (dark) to the largest', shown)]
        picture = side_by_side(panels + ([('match', match)] if match is not None else []))
    else:
        found = occlusion_map(one, image, match=described, square=arguments.square,
                              overlap=arguments.overlap)
        explained = ExplainedImage(image, match, found)
        picture = explained.picture()
        print(explained.sentence())
    write_picture(arguments.out, picture)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('image', type=Path)
    parser.add_argument('--model', type=Path, required=True, help='.pt, or .onnx with its card')
    parser.add_argument('--match', type=Path, metavar='IMAGE',
                        help='show what speaks for this match')
    parser.add_argument('--method', choices=METHODS, default='occlusion',
                        help='occlusion (NetVLAD fig. 6) or importance (SARE fig. 7, of a '
                             'checkpoint); default: %(default)s')
    parser.add_argument('--square', type=float, default=SQUARE,
                        help='of occlusion, as a share of the shorter side')
    parser.add_argument('--overlap', type=int, default=OVERLAP,
                        help='positions within a side of the square')
    add_size(parser, INPUT_HEIGHT, INPUT_WIDTH)
    parser.add_argument('--out', type=Path, required=True, metavar='PNG')


VERB = Verb('heatmap', heatmap, add_arguments,
            '--model runs/default/best.pt --method importance query.jpg --out heat.png')
