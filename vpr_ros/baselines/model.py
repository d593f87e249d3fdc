# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Comparison models as the pipeline sees them: a card, ``prepare`` and ``describe``."""

from __future__ import annotations

from collections.abc import Callable, Collection

import cv2
import numpy as np

from vpr_ros.baselines.binary_words import bag_of_words, BYTES, nearest_words, orb
from vpr_ros.baselines.hog import hog
from vpr_ros.baselines.parameter_file import read_arrays
from vpr_ros.baselines.thumbnail import patch_normalised
from vpr_ros.baselines.vlad import root_sift, unit, vlad
from vpr_ros.errors import ModelError
from vpr_ros.model.card import ModelCard
from vpr_ros.model.session import Model
from vpr_ros.types import Description, FloatArray, ImageArray

Describe = Callable[[ImageArray], FloatArray]


class ComparisonModel(Model):
    """A hand-made descriptor behind the interface of :class:`Model`; no patches, CPU only."""

    def __init__(self, card: ModelCard, describe: Describe) -> None:
        """Take a function from the resized image, uint8 (height, width, 3), to float32 (D,)."""
        self.card, self._describe = card, describe
        self.provider, self.warning = 'OpenCV', ''

    def describe(
        self, image: ImageArray, *, patches: bool | Collection[int] = True
    ) -> Description:
        """Describe one image; see :meth:`Model.describe`.

        An image in which nothing is found gets the direction in which all entries are equal.
        """
        found = self._describe(self.prepare(image))
        if float(np.linalg.norm(found)) < 1e-6:
            found = np.ones(self.card.global_dim, np.float32)
        return Description(unit(found))


def open_comparison(card: ModelCard) -> ComparisonModel:
    """Open the model of a card whose ``kind`` is one of the comparisons.

    Raises:
        ModelError: its file is missing, damaged or does not fit the card.
    """
    opener = {'hog': _hog, 'thumbnail': _thumbnail, 'rootsift_vlad': _rootsift_vlad,
              'bag_of_words': _bag_of_words}[card.kind]
    describe, dim = opener(card)
    if dim != card.global_dim:
        raise ModelError(
            f'model {card.name!r}: its parameters give {dim} numbers, its card says '
            f'{card.global_dim}; correct global_dim or the input size in the card'
        )
    return ComparisonModel(card, describe)


def _grey(image: ImageArray) -> ImageArray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _whole(card: ModelCard, side: int, least: int = 1) -> tuple[int, int]:
    """Rows and columns of squares in the input image."""
    if side < 1 or card.height % side or card.width % side or \
            min(card.height, card.width) < least * side:
        raise ModelError(
            f'model {card.name!r}: an input of {card.width}x{card.height} does not divide into '
            f'squares of {side} pixels; choose multiples of {side} in the card'
        )
    return card.height // side, card.width // side


def _hog(card: ModelCard) -> tuple[Describe, int]:
    arrays = read_arrays(card, {'cell': ('int32', ()), 'bins': ('int32', ())})
    cell, bins = int(arrays['cell']), int(arrays['bins'])
    rows, columns = _whole(card, cell, 2)
    return lambda image: hog(image, cell, bins), (rows - 1) * (columns - 1) * 4 * bins


def _thumbnail(card: ModelCard) -> tuple[Describe, int]:
    patch = int(read_arrays(card, {'patch': ('int32', ())})['patch'])
    _whole(card, patch)
    return (lambda image: patch_normalised(_grey(image), patch).ravel(),
            card.height * card.width)


def _rootsift_vlad(card: ModelCard) -> tuple[Describe, int]:
    arrays = read_arrays(card, {
        'features': ('int32', ()), 'centers': ('float32', (None, 128)),
        'mean': ('float32', (None,)), 'projection': ('int8', (None, None)),
        'scale': ('float32', (None,)),
    })
    centers, mean = arrays['centers'], arrays['mean']
    projection = arrays['projection'].astype(np.float32) * arrays['scale'][:, np.newaxis]
    if projection.shape[1] != mean.size or mean.size != centers.size:
        raise ModelError(f'model {card.name!r}: centres, mean and projection do not fit together; '
                         f'train it again with `vpr model vocabulary`')
    features = int(arrays['features'])

    def describe(image: ImageArray) -> FloatArray:
        found = root_sift(_grey(image), features)
        if not len(found):
            return np.zeros(len(projection), np.float32)
        return unit(projection @ (vlad(found, centers) - mean))

    return describe, len(projection)


def _bag_of_words(card: ModelCard) -> tuple[Describe, int]:
    arrays = read_arrays(card, {
        'features': ('int32', ()), 'words': ('uint8', (None, BYTES)), 'idf': ('float32', (None,)),
    })
    words, idf, features = arrays['words'], arrays['idf'], int(arrays['features'])
    if len(words) != len(idf) or (idf < 0).any():
        raise ModelError(f'model {card.name!r}: {len(words)} words and {len(idf)} weights; train '
                         f'it again with `vpr model vocabulary`')

    def describe(image: ImageArray) -> FloatArray:
        return bag_of_words(nearest_words(orb(_grey(image), features), words), idf)

    return describe, len(words)
