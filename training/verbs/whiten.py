# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``whiten``: the projection, fitted after training."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import torch

from training import checkpoint
from training import whiten as components
from training.cluster import sample_descriptors
from training.datasets import environment_images
from training.images import batches
from training.model import with_projection
from training.recipe_file import load_recipe
from training.train import INPUT_HEIGHT, INPUT_WIDTH
from training.verbs.verb import add_recipe, add_size, Verb
from vpr_ros.errors import ConfigError


def whiten(arguments: argparse.Namespace) -> None:
    """Fit the projection anew on the recipe's training images, from a trained checkpoint."""
    state = checkpoint.load(arguments.model)
    network = checkpoint.load_network(arguments.model)
    if arguments.dim:
        network = with_projection(network, arguments.dim)
    projection = network.projection
    if not isinstance(projection, torch.nn.Linear):
        raise ConfigError(f'{arguments.model} has no projection to fit; give its length with '
                          f'--dim')
    groups = environment_images(load_recipe(arguments.recipe), arguments.images)
    paths = [path for group in groups.values() for path in group]
    samples = sample_descriptors(network,
                                 lambda: batches(paths, arguments.height, arguments.width))
    if arguments.within:
        environment = np.repeat(np.arange(len(groups)), [len(group) for group in groups.values()])
        inside, mean = components.within(samples, environment)
        found = dataclasses.replace(components.fit(inside, projection.out_features), mean=mean)
    else:
        found = components.fit(samples, projection.out_features)
    weight, bias = found.affine(arguments.power)
    with torch.no_grad():
        projection.weight.copy_(torch.from_numpy(weight).float())
        projection.bias.copy_(torch.from_numpy(bias).float())
    kept = {key: state[key] for key in ('step', 'seconds') if key in state}
    checkpoint.save(arguments.out, checkpoint.network_state(network) | kept)
    print(f'{len(paths)} images, {found.kept:.3f} of the variance kept; wrote {arguments.out}')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--model', type=Path, required=True)
    add_recipe(parser)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--images', type=int, default=80, help='of each environment')
    add_size(parser, INPUT_HEIGHT, INPUT_WIDTH)
    parser.add_argument('--within', action='store_true',
                        help='variance inside environments only: what tells them apart is taken '
                             "out by the map's mean on the robot and needs no components")
    parser.add_argument('--dim', type=int, default=0,
                        help="numbers of the descriptor, default: the checkpoint's own")
    parser.add_argument('--power', type=float, default=0.5, help='0 rotates only, 1 whitens')


VERB = Verb('whiten', whiten, add_arguments,
            '--model runs/default/best.pt --out runs/default/whitened.pt')
