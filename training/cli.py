# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m training VERB``: one function a verb.

Exit codes: 0, 1 for a known error (one sentence), 2 for wrong usage.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import dataclasses
import json
import os
from pathlib import Path
import sys
from typing import Any

import torch

from training import checkpoint
from training.datasets import open_set, training_images
from training.evaluate import Describe, evaluate, format_recalls, onnx_describer, torch_describer
from training.export_command import export_verb, patch_sizes
from training.images import batches
from training.recipe import load_recipe, parse_recipe
from training.train import INPUT_HEIGHT, INPUT_WIDTH, Trainer
from vpr_ros.errors import ConfigError, VprError
from vpr_ros.model.card import load_card


def train(arguments: argparse.Namespace) -> None:
    """Train by a recipe, or go on where the run folder stopped."""
    recipe = load_recipe(arguments.recipe)
    changes = {'steps': arguments.steps, 'seed': arguments.seed, 'loss': arguments.loss,
               'initial_checkpoint': arguments.initial_checkpoint}
    changes = {key: value for key, value in changes.items() if value is not None}
    if 'loss' in changes and changes['loss'] != recipe.loss:
        changes['loss_options'] = {}  # those of the recipe's own loss do not fit
    recipe = parse_recipe(dataclasses.asdict(dataclasses.replace(recipe, **changes)))
    Trainer(recipe, arguments.out, lambda line: print(line, flush=True)).run()


def render(arguments: argparse.Namespace) -> None:
    """Render drives of the procedural world, to train on or (--evaluation) to be asked about."""
    from training.render import render_evaluation, render_training  # noqa: PLC0415 - slow import
    from vpr_ros.world import Conditions  # noqa: PLC0415

    if arguments.evaluation:
        if len(arguments.worlds) != 1:
            raise ConfigError(f'--evaluation takes one world, found {len(arguments.worlds)}')
        count = render_evaluation(arguments.out, arguments.worlds[0], Conditions.day(1),
                                  Conditions.night(2))
        print(f'{count} queries in {arguments.out}')
    else:
        render_training(arguments.out, arguments.worlds, arguments.drives)


def cluster(arguments: argparse.Namespace) -> None:
    """Initialise a network without training it: clusters and projection from images."""
    recipe = dataclasses.replace(load_recipe(arguments.recipe), validation='')
    trainer = Trainer(recipe, arguments.out, print)
    checkpoint.save(arguments.out / 'initial.pt', checkpoint.network_state(trainer.network))
    print(f'wrote {arguments.out / "initial.pt"}')


def describer(model: Path, height: int, width: int) -> tuple[Describe, int, int]:
    """A checkpoint (``.pt``) or an export (``.onnx`` with its card) as a function."""
    if model.suffix == '.onnx':
        found = load_card(model)
        return onnx_describer(model), found.height, found.width
    return torch_describer(checkpoint.load_network(model)), height, width


def evaluate_verb(arguments: argparse.Namespace) -> None:
    """Print recall@1/5/10, raw and centred on the map's mean, for every data set."""
    describe, height, width = describer(arguments.model, arguments.height, arguments.width)
    found: dict[str, Any] = {}
    for text in arguments.dataset:
        dataset = open_set(text)
        found[dataset.name] = evaluate(describe, dataset, height, width)
        print(format_recalls(dataset.name, found[dataset.name]), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + '\n', encoding='utf-8')


def whiten(arguments: argparse.Namespace) -> None:
    """Fit the projection anew on the recipe's training images, from a trained checkpoint."""
    from training import whiten as components  # noqa: PLC0415 - the verb has its name
    from training.cluster import sample_descriptors  # noqa: PLC0415

    state = checkpoint.load(arguments.model)
    network = checkpoint.load_network(arguments.model)
    paths = training_images(load_recipe(arguments.recipe), arguments.images)
    samples = sample_descriptors(network, lambda: batches(paths, INPUT_HEIGHT, INPUT_WIDTH))
    found = components.fit(samples, network.projection.out_features)
    weight, bias = found.affine(arguments.power)
    with torch.no_grad():
        network.projection.weight.copy_(torch.from_numpy(weight).float())
        network.projection.bias.copy_(torch.from_numpy(bias).float())
    kept = {key: state[key] for key in ('step', 'seconds') if key in state}
    checkpoint.save(arguments.out, checkpoint.network_state(network) | kept)
    print(f'{len(paths)} images, {found.kept:.3f} of the variance kept; wrote {arguments.out}')


def average(arguments: argparse.Namespace) -> None:
    """Average the weights of checkpoints of one run: its stages forget less together."""
    shares = [float(text.rpartition(':')[2]) for text in arguments.models]
    if abs(sum(shares) - 1) > 1e-6:
        raise ConfigError(f'the shares add up to {sum(shares):g}, expected 1')
    paths = [Path(text.rpartition(':')[0]) for text in arguments.models]
    networks = [checkpoint.load_network(path) for path in paths]
    if len({network.architecture for network in networks}) != 1:
        raise ConfigError('the checkpoints have different architectures; expected stages of one '
                          'run')
    states = [network.state_dict() for network in networks]
    networks[0].load_state_dict({
        name: sum(share * state[name] for share, state in zip(shares, states, strict=True))
        for name in states[0]
    })
    last = checkpoint.load(paths[-1])
    kept = {key: last[key] for key in ('step', 'seconds') if key in last}
    checkpoint.save(arguments.out, checkpoint.network_state(networks[0]) | kept)
    print(f'wrote {arguments.out}')


def make_parser() -> argparse.ArgumentParser:
    """All verbs with their options."""
    parser = argparse.ArgumentParser(prog='python -m training', description=__doc__)
    verbs = parser.add_subparsers(dest='verb', required=True)

    def verb(name: str, function: Any, example: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=(function.__doc__ or '').splitlines()[0],
                                 epilog=f'example: python -m training {name} {example}')
        added.set_defaults(function=function)
        return added

    recipe = Path(__file__).parent / 'recipes' / 'default.yaml'
    sub = verb('train', train, '--out runs/default')
    sub.add_argument('--recipe', type=Path, default=recipe)
    sub.add_argument('--out', type=Path, required=True, help='run folder; resumed when it exists')
    sub.add_argument('--steps', type=int)
    sub.add_argument('--seed', type=int)
    sub.add_argument('--loss')
    sub.add_argument('--initial-checkpoint')
    sub = verb('render', render, '--out runs/world --worlds 100 101 102 103 --drives 4')
    sub.add_argument('--out', type=Path, required=True)
    sub.add_argument('--worlds', type=int, nargs='+', required=True, help='seeds')
    sub.add_argument('--drives', type=int, default=4, help='of each world, for training')
    sub.add_argument('--evaluation', action='store_true',
                     help='one day drive as database, one night drive as queries')
    sub = verb('cluster', cluster, '--out runs/off_the_shelf')
    sub.add_argument('--recipe', type=Path, default=recipe)
    sub.add_argument('--out', type=Path, required=True)
    sub = verb('evaluate', evaluate_verb, '--model models/default.onnx ../shared/data/corridor')
    sub.add_argument('dataset', nargs='+', help=open_set.__doc__)
    sub.add_argument('--model', type=Path, required=True)
    sub.add_argument('--height', type=int, default=INPUT_HEIGHT)
    sub.add_argument('--width', type=int, default=INPUT_WIDTH)
    sub.add_argument('--json', type=Path)
    sub = verb('whiten', whiten, '--model runs/default/best.pt --out runs/default/whitened.pt')
    sub.add_argument('--model', type=Path, required=True)
    sub.add_argument('--recipe', type=Path, default=recipe)
    sub.add_argument('--out', type=Path, required=True)
    sub.add_argument('--images', type=int, default=80, help='of each environment')
    sub.add_argument('--power', type=float, default=0.5, help='0 rotates only, 1 whitens')
    sub = verb('average', average, 'runs/a/last.pt:0.5 runs/b/last.pt:0.5 --out runs/mean.pt')
    sub.add_argument('models', nargs='+', metavar='CHECKPOINT:SHARE')
    sub.add_argument('--out', type=Path, required=True)
    sub = verb('export', export_verb, '--model runs/default/best.pt --out models/default.onnx '
               '--check-images ../shared/data/corridor')
    sub.add_argument('--model', type=Path, required=True)
    sub.add_argument('--recipe', type=Path, default=recipe)
    sub.add_argument('--out', type=Path, required=True)
    sub.add_argument('--height', type=int, default=INPUT_HEIGHT)
    sub.add_argument('--width', type=int, default=INPUT_WIDTH)
    sub.add_argument('--check-images', required=True, help=open_set.__doc__)
    sub.add_argument('--results', type=Path, help='JSON that goes into the card')
    sub.add_argument('--training', help="JSON object merged into the card's training field")
    sub.add_argument('--command', default='python -m training train')
    sub.add_argument('--patches', type=patch_sizes, metavar='SIZE[:STRIDE],...',
                     help='also put out patch descriptors of these sizes, in feature cells')
    sub.add_argument('--patch-dim', type=int, default=128)
    sub.add_argument('--patch-images', type=int, default=25,
                     help="of each environment, to fit the patches' projection on")
    sub.add_argument('--patch-power', type=float, default=0.0, help='0 rotates only, 1 whitens')
    sub.add_argument('--update-card', action='store_true',
                     help='same weights as the file that is there: keep what its card says')
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
