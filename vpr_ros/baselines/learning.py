# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Learn the vocabularies of RootSIFT-VLAD and the bag of binary words from a folder of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import faiss
import numpy as np
from numpy.typing import NDArray

from vpr_ros.baselines.binary_words import nearest_words, orb, Words
from vpr_ros.baselines.vlad import root_sift, vlad
from vpr_ros.errors import DataError, ImageError
from vpr_ros.images import decode_picture
from vpr_ros.model.session import resize
from vpr_ros.types import FloatArray, ImageArray

MAJORITY_ROUNDS = 10
KMEANS_ROUNDS = 25
SAMPLE = 200_000  # most features that a vocabulary is learned from

Progress = Callable[[int, int, str], None]
Arrays = dict[str, NDArray[Any]]


def read_grey(path: Path, height: int, width: int) -> ImageArray:
    """Read an image and resize it as a model with this input does, uint8 (height, width).

    Raises:
        DataError: it is damaged or no image.
    """
    try:
        pixels = decode_picture(path.read_bytes())
    except ImageError as error:
        raise DataError(f'{path} is damaged or no image ({error}); remove it from the folder') \
            from error
    small = resize(pixels, height, width, 'area')
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def learn_rootsift_vlad(
    images: Sequence[Path], *, height: int, width: int, clusters: int, dim: int, features: int,
    seed: int = 0, progress: Progress | None = None,
) -> Arrays:
    """Cluster RootSIFT descriptors, then find the PCA whitening of the VLAD vectors.

    Args:
        images: more than ``dim`` of them.
        height, width: input size of the model.
        clusters: K of VLAD, 64 in the NetVLAD paper.
        dim: numbers kept after PCA whitening.
        features: most features of an image.
        seed: of the clustering.
        progress: called with (images done, of so many, stage).

    Raises:
        DataError: too few images or features, or an unreadable image.
    """
    if len(images) <= dim:
        raise DataError(f'{len(images)} images were found, but {dim} dimensions need more than '
                        f'{dim}; give more images or a smaller --dim')
    found = [root_sift(read_grey(path, height, width), features)
             for path in _counted(images, 'finding SIFT features', progress)]
    sample = _sample([rows for rows in found if len(rows)], clusters, seed)
    kmeans = faiss.Kmeans(sample.shape[1], clusters, niter=KMEANS_ROUNDS, seed=seed + 1,
                          max_points_per_centroid=len(sample))
    kmeans.train(sample)
    centers = np.asarray(kmeans.centroids, np.float32).reshape(clusters, -1)
    vectors = np.stack([vlad(rows, centers) for rows in found])
    mean = vectors.mean(axis=0)
    projection = whitening(vectors - mean, dim)
    scale = np.abs(projection).max(axis=1) / 127.0
    return {
        'features': np.asarray(features, np.int32), 'centers': centers,
        'mean': mean.astype(np.float32), 'scale': scale.astype(np.float32),
        'projection': np.rint(projection / scale[:, np.newaxis]).astype(np.int8),
    }


def whitening(centred: FloatArray, dim: int) -> FloatArray:
    """Rows that project centred vectors on their principal directions with equal variance.

    Args:
        centred: float32 (n, D) with mean zero.
        dim: number of directions, less than n.

    Returns:
        float32 (dim, D).

    Raises:
        DataError: the vectors span fewer directions.
    """
    n = len(centred)
    values, vectors = np.linalg.eigh(centred.astype(np.float64) @ centred.T.astype(np.float64))
    values, vectors = values[::-1][:dim], vectors[:, ::-1][:, :dim]
    if len(values) < dim or values[-1] <= 1e-10 * values[0]:
        raise DataError(f'the images differ in fewer than {dim} directions; give more images or '
                        f'a smaller --dim')
    # with X = U S V^T the directions are V^T = S^-1 U^T X, their variances S^2 / n
    directions = (vectors / np.sqrt(values)).T @ centred
    return np.asarray(directions * np.sqrt(n / values)[:, np.newaxis], np.float32)


def learn_bag_of_words(
    images: Sequence[Path], *, height: int, width: int, words: int, features: int,
    seed: int = 0, progress: Progress | None = None,
) -> Arrays:
    """Cluster ORB descriptors by k-majority and weigh the words by their idf.

    Args:
        images, height, width, features, seed, progress: see :func:`learn_rootsift_vlad`.
        words: size of the vocabulary.

    Raises:
        DataError: too few features, or an unreadable image.
    """
    found = [orb(read_grey(path, height, width), features)
             for path in _counted(images, 'finding ORB features', progress)]
    sample = _sample([rows for rows in found if len(rows)], words, seed)
    vocabulary = k_majority(sample, words, seed=seed, progress=progress)
    documents = np.zeros(words)
    for rows in found:
        documents[np.unique(nearest_words(rows, vocabulary))] += 1
    idf = np.log(len(images) / np.maximum(documents, 1.0))
    return {'features': np.asarray(features, np.int32), 'words': vocabulary,
            'idf': idf.astype(np.float32)}


def k_majority(
    descriptors: Words, count: int, *, seed: int = 0, rounds: int = MAJORITY_ROUNDS,
    progress: Progress | None = None,
) -> Words:
    """Cluster binary descriptors: nearest word by Hamming distance, new word by bit majority.

    Args:
        descriptors: uint8 (n, bytes), at least ``count`` rows.
        count: number of words.
        seed: of the first choice; words that lose all descriptors keep their place.
        rounds: at most so many, fewer when nothing changes any more.

    Returns:
        uint8 (count, bytes).
    """
    generator = np.random.default_rng(seed)
    unique = np.unique(descriptors, axis=0)
    source = unique if len(unique) >= count else descriptors
    words = source[np.sort(generator.choice(len(source), count, replace=False))]
    bits = np.unpackbits(descriptors, axis=1)
    for number in range(rounds):
        nearest = nearest_words(descriptors, words)
        order = np.argsort(nearest, kind='stable')
        used, starts, sizes = np.unique(nearest[order], return_index=True, return_counts=True)
        ones = np.add.reduceat(bits[order], starts, axis=0, dtype=np.int64)
        renewed = words.copy()
        renewed[used] = np.packbits(2 * ones > sizes[:, np.newaxis], axis=1)
        if progress is not None:
            progress(number + 1, rounds, 'clustering')
        if np.array_equal(renewed, words):
            break
        words = renewed
    return words


def _counted(images: Sequence[Path], stage: str, progress: Progress | None):
    for number, path in enumerate(images):
        yield path
        if progress is not None:
            progress(number + 1, len(images), stage)


def _sample(found: Sequence[NDArray[Any]], least: int, seed: int) -> NDArray[Any]:
    rows = np.concatenate(found) if found else np.zeros((0, 1))
    if len(rows) < least:
        raise DataError(f'the images hold {len(rows)} features, fewer than the {least} words to '
                        f'learn; give more images')
    if len(rows) <= SAMPLE:
        return rows
    chosen = np.random.default_rng(seed).choice(len(rows), SAMPLE, replace=False)
    return rows[np.sort(chosen)]
