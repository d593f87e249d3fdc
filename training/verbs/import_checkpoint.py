# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``import-checkpoint``: a public checkpoint as a model for the robot."""

from __future__ import annotations

import argparse
from pathlib import Path
import re

from training.checkpoints.hand_over import hand_over
from training.checkpoints.importer import import_checkpoint, Imported, SWARM_SLAM
from training.export_command import PARITY_IMAGES, patch_sizes, print_export
from training.sample_images import sample_images
from training.storage import SCHEMES
from training.verbs.verb import Verb
from vpr_ros.errors import ConfigError

FAMILIES = {'patch-netvlad': 'Patch-NetVLAD', 'pytorch-netvlad': 'pytorch-NetVlad',
            'deep-vg-benchmark': 'deep-vg-benchmark', 'openibl': 'OpenIBL',
            'cosplace': 'CosPlace', 'netvlad': 'NetVLAD', 'swarm-slam': SWARM_SLAM}
UNSTATED = 'not stated; ask where the checkpoint comes from'


def image_size(text: str) -> tuple[int, int]:
    """``480x640``: height and width."""
    found = re.fullmatch(r'(\d+)x(\d+)', text)
    if not found:
        raise ValueError(text)
    return int(found[1]), int(found[2])


def import_verb(arguments: argparse.Namespace) -> None:
    """Export a public checkpoint of the field to ONNX with its card; nothing in it is run."""
    imported = import_checkpoint(
        arguments.checkpoint, pca=arguments.pca, size=arguments.size,
        swarm_slam=arguments.family == 'swarm-slam', aggregation=arguments.aggregation,
        l2=arguments.l2)
    _check_family(imported, arguments)
    print(f'{arguments.checkpoint}: {imported.description}; {imported.height}x{imported.width} '
          f'({imported.interpolation}) -> {imported.dim}')
    for note in imported.notes:
        print(f'  note: {note}')
    images = sample_images(arguments.check_images, PARITY_IMAGES, imported.height, imported.width,
                           imported.interpolation)
    card, parity = hand_over(imported, arguments.out, name=arguments.out.stem,
                             licence=arguments.licence, images=images,
                             patch_sizes=arguments.patches, storage=arguments.storage)
    print_export(arguments.out, parity, card.path)


def _check_family(imported: Imported, arguments: argparse.Namespace) -> None:
    wanted = arguments.family
    if wanted and FAMILIES[wanted] != imported.origin:
        raise ConfigError(f'{arguments.checkpoint} is of {imported.origin}, but --family says '
                          f'{FAMILIES[wanted]}; leave --family out, or give another file')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('checkpoint', type=Path, help='.pth, .pth.tar, .safetensors, .npz or .mat')
    parser.add_argument('--out', type=Path, required=True, help='the .onnx; its card lies beside')
    parser.add_argument('--check-images', type=Path, required=True, metavar='FOLDER',
                        help=f'real images; onnxruntime and torch must agree on '
                             f'{PARITY_IMAGES} of them')
    parser.add_argument('--family', choices=sorted(FAMILIES),
                        help='refuse anything else (default: found from names and shapes; '
                             'swarm-slam must be named, its files are those of CosPlace)')
    parser.add_argument('--size', type=image_size, metavar='HEIGHTxWIDTH',
                        help="of the input (default: the project's own)")
    parser.add_argument('--pca', type=Path, metavar='FILE',
                        help='principal components in a file of their own: .pkl, .npz or .h5')
    parser.add_argument('--patches', type=patch_sizes, metavar='SIZE[:STRIDE],...',
                        help='also put out patch descriptors of these sizes, in feature cells')
    parser.add_argument('--aggregation', default='', metavar='NAME',
                        help='where the file cannot tell: mac, spoc, rmac, cls or seqpool')
    parser.add_argument('--l2', default='', metavar='WHERE',
                        help='after_pool or none, where deep-vg-benchmark was run so')
    parser.add_argument('--licence', default=UNSTATED, help='of the weights, for the card')
    parser.add_argument('--storage', choices=SCHEMES, default='float16',
                        help='of the weights in the file (default: float16)')


VERB = Verb('import-checkpoint', import_verb, add_arguments,
            'mapillary_WPCA512.pth.tar --patches 2,5,8 --check-images ../shared/data/corridor '
            '--out models/patch_netvlad.onnx')
