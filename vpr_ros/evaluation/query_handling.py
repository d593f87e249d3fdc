# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How queries of another shape than the model's input are handled.

The six ways of the Deep Visual Geo-localization Benchmark (its supplementary material): database
images are always resized hard, queries

- ``hard_resize``: to the model's input, whatever that does to their shape;
- ``single_query``: until the shorter side is that of the input, shape kept; one by one;
- ``central_crop``: shape kept, the largest central part that fills the input;
- ``five_crops``: shape kept, four corners and the centre; the mean of their descriptors searches;
- ``nearest_crop``: each crop searches; a place counts by its nearest crop;
- ``majority_voting``: the same, after places that several crops put among their first 1, 5 and 10
  have been brought nearer by 0.01 * votes / N.

The benchmark's crops are squares, as its networks take any size. A model with a fixed input gets
crops of that input: for a square input the same.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError, ImageError
from vpr_ros.types import ImageArray

HANDLINGS = ('hard_resize', 'single_query', 'central_crop', 'five_crops', 'nearest_crop',
             'majority_voting')
CROPS = ('five_crops', 'nearest_crop', 'majority_voting')  # several descriptors per query
MAJORITY_WEIGHT = 0.01
_VOTING_DEPTHS = (1, 5, 10)

Indices = NDArray[np.int64]
Distances = NDArray[np.float64]


def check_handling(handling: str, *, rerank: str) -> None:
    """Refuse what is unknown, and crops with re-ranking, whose patches are of one image.

    Raises:
        ConfigError: one of these.
    """
    if handling not in HANDLINGS:
        raise ConfigError(f'query handling {handling!r} is not one of {", ".join(HANDLINGS)}')
    if handling in CROPS and rerank != 'none':
        raise ConfigError(
            f'query handling {handling} describes several crops of a query, and re-ranking '
            f'{rerank} compares whole images; set --rerank none or take central_crop'
        )


def query_images(
    image: ImageArray, handling: str, height: int, width: int, *, interpolation: str = 'area'
) -> list[ImageArray]:
    """Return what is described in place of a query.

    Args:
        image: uint8 (H, W, 3) RGB.
        handling: one of :data:`HANDLINGS`.
        height, width: the model's input, pixels.
        interpolation: as on the model's card.

    Returns:
        One image, or five (top left, top right, bottom left, bottom right, centre); uint8 RGB.
        For ``hard_resize`` the image itself: the model resizes it.

    Raises:
        ImageError: ``single_query`` and a shape that the fixed input does not take.
    """
    if handling == 'hard_resize':
        return [image]
    if handling == 'single_query':
        scaled = _scale(image, min(height, width) / min(image.shape[:2]), interpolation)
        if scaled.shape[:2] != (height, width):
            raise ImageError(
                f'the query of {image.shape[1]}x{image.shape[0]} keeps its shape as '
                f'{scaled.shape[1]}x{scaled.shape[0]}, but the model takes exactly '
                f'{width}x{height}; single_query needs a model of any size, take central_crop or '
                f'five_crops'
            )
        return [scaled]
    scale = max(height / image.shape[0], width / image.shape[1])
    scaled = _scale(image, scale, interpolation, height, width)
    down, right = scaled.shape[0] - height, scaled.shape[1] - width
    corners = [(round(down / 2), round(right / 2))]
    if handling in CROPS:
        corners = [(0, 0), (0, right), (down, 0), (down, right), *corners]
    return [np.ascontiguousarray(scaled[y:y + height, x:x + width]) for y, x in corners]


def nearest_crop(predictions: Indices, distances: Distances, count: int) -> tuple[
    Indices, Distances
]:
    """Merge the rankings of a query's crops: each place by its smallest distance.

    Args:
        predictions: int64 (crops, k), the k nearest places of each crop.
        distances: float64 (crops, k), squared Euclidean.
        count: length of the merged ranking.

    Returns:
        (places, distances), nearest first, each place once, ``count`` at most.
    """
    order = np.argsort(distances, axis=None)
    places, values = predictions.ravel()[order], distances.ravel()[order]
    first = np.sort(np.unique(places, return_index=True)[1])[:count]
    return places[first], values[first]


def majority_voting(
    predictions: Indices, distances: Distances, count: int, *, weight: float = MAJORITY_WEIGHT
) -> tuple[Indices, Distances]:
    """Bring places nearer that several crops agree on, then merge as :func:`nearest_crop`.

    For N in 1, 5, 10: a place with v > 1 votes among the first N of all crops is brought nearer by
    weight * v / N, in those rankings where it is among the first N.
    """
    distances = distances.copy()
    for depth in _VOTING_DEPTHS:
        head, values = predictions[:, :depth], distances[:, :depth]
        places, votes = np.unique(head, return_counts=True)
        for place, count_of in zip(places, votes, strict=True):
            if count_of > 1:
                values[head == place] -= weight * count_of / depth
    return nearest_crop(predictions, distances, count)


def _scale(
    image: ImageArray, scale: float, interpolation: str, height: int = 1, width: int = 1
) -> ImageArray:
    """Scale both axes alike, to at least ``height`` and ``width``."""
    size = (max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale)))
    if size == (image.shape[1], image.shape[0]):
        return image
    flag = cv2.INTER_AREA if interpolation == 'area' and scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=flag), np.uint8)
