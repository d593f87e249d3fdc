# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Make a comparison model of any kind, with its card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.baselines.learning import learn_bag_of_words, learn_rootsift_vlad
from vpr_ros.baselines.parameter_file import write_model

SIZES = {'thumbnail': (64, 32)}
DEFAULT_SIZE = (320, 240)  # that of the default model, so that all see the same pixels
HOG_CELL, HOG_BINS = 40, 9
THUMBNAIL_PATCH = 8
VLAD_CLUSTERS, WORDS = 64, 2048
DESCRIPTIONS = {
    'rootsift_vlad': 'RootSIFT at DoG keypoints, intra-normalised VLAD, PCA whitening: the '
                     'hand-made descriptor that NetVLAD was compared with.',
    'bag_of_words': 'ORB, a flat vocabulary of binary words, tf-idf, square root: the inner '
                    'product is the Bhattacharyya coefficient.',
    'hog': 'Histograms of oriented gradients over the whole image.',
    'thumbnail': 'Patch-normalised grey thumbnail, as SeqSLAM compares images.',
}


def make_comparison(
    kind: str,
    out: Path,
    images: Sequence[Path] = (),
    *,
    size: tuple[int, int] | None = None,
    words: int = 0,
    dim: int = 256,
    features: int = 500,
    seed: int = 0,
    about: str = '',
    progress: Callable[[int, int, str], None] | None = None,
) -> Path:
    """Write ``NAME.npz`` and its card.

    Args:
        kind: one of :data:`vpr_ros.model.card.COMPARISONS`.
        out: the card's file; its stem is the model's name.
        images: to learn from, for RootSIFT-VLAD and the bag of words.
        size: (width, height) of the input; None takes the kind's usual one.
        words: clusters of VLAD or words of the bag; 0 takes 64 or 2048.
        dim: of RootSIFT-VLAD.
        features: most features of an image.
        seed: of the clustering.
        about: what the images are, for the card.
        progress: called with (done, of so many, stage).

    Returns:
        The card's file.

    Raises:
        DataError: too few images or features, or an unreadable image.
    """
    width, height = size or SIZES.get(kind, DEFAULT_SIZE)
    card: dict[str, Any] = {
        'kind': kind, 'description': DESCRIPTIONS[kind],
        'input': {'height': height, 'width': width, 'interpolation': 'area', 'color': 'rgb'},
        'licence': 'Apache-2.0',
    }
    arrays: dict[str, NDArray[Any]]
    if kind == 'hog':
        arrays = {'cell': np.asarray(HOG_CELL, np.int32), 'bins': np.asarray(HOG_BINS, np.int32)}
        card['global_dim'] = max(0, (height // HOG_CELL - 1) * (width // HOG_CELL - 1)) \
            * 4 * HOG_BINS
    elif kind == 'thumbnail':
        arrays = {'patch': np.asarray(THUMBNAIL_PATCH, np.int32)}
        card['global_dim'] = height * width
    elif kind == 'rootsift_vlad':
        clusters = words or VLAD_CLUSTERS
        arrays = learn_rootsift_vlad(images, height=height, width=width, clusters=clusters,
                                     dim=dim, features=features, seed=seed, progress=progress)
        card['global_dim'] = dim
        card['training'] = {'clusters': clusters, 'features': features, 'seed': seed}
    else:
        count = words or WORDS
        arrays = learn_bag_of_words(images, height=height, width=width, words=count,
                                    features=features, seed=seed, progress=progress)
        card['global_dim'] = count
        card['training'] = {'words': count, 'features': features, 'seed': seed}
    if images:
        card['training_data'] = f'{len(images)} images' + (f': {about}' if about else '')
    return write_model(out, card, arrays)
