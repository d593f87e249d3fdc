# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``embedding``: the images of a data set where their descriptors lie."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from training.datasets import open_set
from training.evaluate import centre
from training.images import batches, load_all
from training.pictures.embedding import draw_embedding
from training.pictures.files import write_picture
from training.pictures.tsne import tsne
from training.train import INPUT_HEIGHT, INPUT_WIDTH
from training.verbs.evaluate import describer
from training.verbs.verb import add_size, Verb

THUMBNAIL_PX = 72  # wide


def embedding(arguments: argparse.Namespace) -> None:
    """Draw the images of a data set at the places where t-SNE puts their descriptors."""
    describe, height, width = describer(arguments.model, arguments.height, arguments.width)
    dataset = open_set(arguments.dataset)
    queries = _spread(len(dataset.queries), arguments.images // 2)
    database = _spread(len(dataset.database), arguments.images - len(queries))
    paths = [dataset.queries[i] for i in queries] + [dataset.database[i] for i in database]
    described = np.concatenate([describe(images) for images in batches(paths, height, width)])
    if arguments.centred:
        first, rest = described[:len(queries)], described[len(queries):]
        described = np.concatenate([centre(first, first.mean(0)), centre(rest, rest.mean(0))])
    points = tsne(described, perplexity=arguments.perplexity)
    where = {index: len(queries) + at for at, index in enumerate(database)}
    pairs = [(at, where[int(right)]) for at, index in enumerate(queries)
             for right in dataset.correct[index] if int(right) in where]
    small = load_all(paths, round(THUMBNAIL_PX * height / width), THUMBNAIL_PX)
    is_query = [True] * len(queries) + [False] * len(database)
    print(f'{len(queries)} queries and {len(database)} database images of {dataset.name}')
    write_picture(arguments.out, draw_embedding(points, small, is_query, pairs))


def _spread(total: int, count: int) -> list[int]:
    """Up to ``count`` indices, evenly."""
    return list(range(total)) if total <= count else \
        [index * total // count for index in range(count)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('dataset', help=open_set.__doc__)
    parser.add_argument('--model', type=Path, required=True, help='.pt, or .onnx with its card')
    parser.add_argument('--images', type=int, default=400,
                        help='drawn at most, half of them queries (default: %(default)s)')
    parser.add_argument('--perplexity', type=float, default=20.0,
                        help='neighbours that an image is held to (default: %(default)s)')
    parser.add_argument('--centred', action='store_true',
                        help='take the mean of the queries from them and that of the database '
                             'from it, as the robot takes off what its last keyframes share')
    add_size(parser, INPUT_HEIGHT, INPUT_WIDTH)
    parser.add_argument('--out', type=Path, required=True, metavar='PNG')


VERB = Verb('embedding', embedding, add_arguments,
            '--model models/default.onnx ../shared/data/corridor --out embedding.png')
