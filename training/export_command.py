# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m training export``: the .onnx with its card, patch outputs included."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
import dataclasses
import json
from pathlib import Path
import subprocess
from typing import Any

from training import card, checkpoint
from training.aggregators import NetVLAD
from training.datasets import open_set, training_images
from training.export import check_parity, export, Parity
from training.images import batches, read_rgb, resize
from training.model import PlaceNetwork
from training.patch_network import (
    add_patches,
    fit_patch_head,
    fit_patch_projection,
    PatchNetwork,
)
from training.quantise_command import describe_int8, Int8Options, replace_by_int8
from training.recipe import Recipe
from training.recipe_file import load_recipe
from training.source_kinds import provenance
from vpr_ros.errors import ConfigError
from vpr_ros.model.card import load_card
from vpr_ros.types import ImageArray

PARITY_IMAGES = 16
SQUEEZENET_FILE = 'squeezenet1_1_imagenet_fp16.onnx'
UNSTATED = 'not stated; ask where the weights come from'
PATCHES_PER_IMAGE = 6


def commit_hash() -> str:
    """Return the checkout's commit, or ``unknown`` outside one."""
    done = subprocess.run(['git', 'rev-parse', 'HEAD'], check=False, capture_output=True,
                          text=True, cwd=Path(__file__).parent)
    return done.stdout.strip() if done.returncode == 0 else 'unknown'


def patch_sizes(text: str) -> dict[int, int]:
    """``2,5,8`` or ``2,5,8:2``: sizes, each with its stride if that is not 1."""
    pairs = [part.partition(':') for part in text.split(',')]
    return {int(size): int(stride or 1) for size, _, stride in pairs}


def began_from(recipe: Recipe) -> list[dict[str, str]]:
    """Tell what a recipe's weights began from, for the card; nothing for random ones."""
    weights, backbone = recipe.initial_weights, recipe.architecture.backbone
    found = []
    if Path(weights).name == SQUEEZENET_FILE and backbone == 'squeezenet1_1':
        found.append(card.IMAGENET_SQUEEZENET)
    elif weights:
        found.append({'what': f'{backbone}: public weights', 'licence': UNSTATED,
                      'source': Path(weights).name})
    if recipe.initial_checkpoint:
        found.append({'what': 'checkpoint of an earlier run', 'licence': UNSTATED,
                      'source': Path(recipe.initial_checkpoint).name})
    return found


def with_patches(network: PlaceNetwork, recipe: Recipe, arguments: argparse.Namespace
                 ) -> tuple[PatchNetwork, dict[str, Any]]:
    """Fit the projection of patches on the recipe's images; and what it was fitted on.

    Raises:
        ConfigError: the network does not aggregate by NetVLAD, of which patches are made.
    """
    clusters = arguments.patch_clusters
    if not clusters and not isinstance(network.aggregation, NetVLAD):
        raise ConfigError(f'patches are described by NetVLAD, this network aggregates by '
                          f'{network.architecture.aggregation}; give --patch-clusters or leave '
                          f'--patches out')
    paths = training_images(recipe, arguments.patch_images)
    height, width, sizes = arguments.height, arguments.width, arguments.patches

    def images() -> Iterator[ImageArray]:
        return batches(paths, height, width)

    head = fit_patch_head(network, images, clusters=clusters) if clusters else None
    weight, bias, kept = fit_patch_projection(
        network, images, dim=arguments.patch_dim, sizes=sizes, head=head,
        per_image=PATCHES_PER_IMAGE, power=arguments.patch_power)
    names = ' '.join(source.kind for source in recipe.sources)
    print(f'patches: {len(paths)} images, {kept:.3f} of the variance kept', flush=True)
    fitted = {
        'fitted_on': f'{PATCHES_PER_IMAGE} random patches of each of {len(paths)} images of the '
                     f'training data ({names})',
        'variance_kept': round(kept, 4), 'whitening': arguments.patch_power,
        'commit': commit_hash(),
    } | ({'clusters': clusters} if clusters else {})
    made = add_patches(network, weight, bias, height=height, width=width, sizes=sizes, head=head)
    return made, fitted


def export_verb(arguments: argparse.Namespace) -> None:
    """Write the .onnx and its card, checked against torch on real images."""
    state = checkpoint.load(arguments.model)
    network = checkpoint.load_network(arguments.model)
    recipe = load_recipe(arguments.recipe)
    dataset = open_set(arguments.check_images)
    step = max(1, len(dataset.queries) // PARITY_IMAGES)
    images = [resize(read_rgb(path), arguments.height, arguments.width)
              for path in dataset.queries[::step]]
    path = arguments.out
    exported: PlaceNetwork | PatchNetwork = network
    patches, added = {}, {}
    if arguments.patches:
        exported, added['patches'] = with_patches(network, recipe, arguments)
        patches = exported.card_entries(arguments.height, arguments.width)
    if arguments.update_card and arguments.int8_calibration:
        raise ConfigError('int8 changes what the file computes, so the card that is there does '
                          'not hold for it; leave --update-card out')
    if arguments.update_card:  # its figures hold for the weights that it was written for
        load_card(path).check_file()
        check_parity(network, path, images, arguments.storage)
    parity = export(exported, arguments.height, arguments.width, path, images, arguments.storage)
    results = json.loads(arguments.results.read_text('utf-8')) if arguments.results else {}
    results['export'] = {name: dataclasses.asdict(found) for name, found in parity.items()}
    if arguments.int8_calibration:
        options = Int8Options(arguments.int8_calibration, arguments.int8_images,
                              arguments.max_recall_loss)
        results['int8'] = replace_by_int8(
            exported, path, dataset, height=arguments.height, width=arguments.width,
            storage=arguments.storage, options=options)
        print(describe_int8(results['int8']))
    if arguments.update_card:
        written = card.update_card(path, patches=patches, training=added, results=results)
        print_export(path, parity, written.path)
        return
    training = {'command': arguments.command, 'commit': commit_hash(),
                'steps': state.get('step', 0), 'loss': f'{recipe.loss} {recipe.loss_options}',
                'minutes': round(state.get('seconds', 0.0) / 60, 1)}
    training |= added | (json.loads(arguments.training) if arguments.training else {})
    data = [
        provenance(source.kind, Path(source.path)) | {'used_for': 'training'} | (
            {'held_out': ' '.join(source.without_floors)} if source.without_floors else {})
        for source in recipe.sources
    ]
    written = card.write_card(
        path, name=path.stem, height=arguments.height, width=arguments.width,
        dim=network.dim, initialised_from=began_from(recipe),
        training_data=data, training=training, results=results, patches=patches,
    )
    print_export(path, parity, written.path)


def print_export(path: Path, parity: Mapping[str, Parity], card_path: Path) -> None:
    """Say what was written, and how well it agrees with torch."""
    print(f'{path}: {path.stat().st_size / 1e6:.2f} MB; card {card_path}')
    for name, found in parity.items():
        print(f'  {name}: {found}')
