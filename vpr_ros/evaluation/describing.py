# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Describe the images of a data set: handled as asked, and from the cache where it has them."""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import NamedTuple

from vpr_ros.errors import ImageError
from vpr_ros.evaluation.dataset import ImageRef
from vpr_ros.evaluation.descriptor_cache import DescriptorCache, key_of
from vpr_ros.evaluation.image_files import cut_out, decode_image, read_bytes
from vpr_ros.evaluation.query_handling import query_images
from vpr_ros.model import Model
from vpr_ros.types import Description


class DescribedImage(NamedTuple):
    """One image, or its five crops, described.

    Attributes:
        descriptions: one, or one per crop.
        describe_ms: of all of them together; as it was when they went into the cache.
    """

    descriptions: list[Description]
    describe_ms: float


class Describer:
    """Describes images for one model; patches are computed anew, global descriptors cached."""

    def __init__(
        self, model: Model, *, patches: bool, cache: DescriptorCache | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Take the model.

        Args:
            model: describes.
            patches: also give the patch descriptors; then nothing is cached.
            cache: None describes every image.
            clock: seconds, monotonic; only for latencies.
        """
        self._model, self._patches, self._clock = model, patches, clock
        self._cache = None if patches else cache

    def __call__(self, image: ImageRef, handling: str = 'hard_resize') -> DescribedImage:
        """Describe one image of a data set.

        Raises:
            ImageError: it cannot be read, or its shape cannot be handled so; the sentence names
                the file.
            ModelError: see :meth:`Model.describe`.
        """
        content = read_bytes(image.path)
        card, key = self._model.card, b''
        if self._cache is not None:
            box = '' if image.box_px is None else repr(image.box_px)
            key = key_of(card, content, handling, f'{self._model.provider} {box}')
            found = self._cache.get(key, card.global_dim)
            if found is not None:
                return DescribedImage([Description(row) for row in found[0]], found[1])
        pixels = cut_out(decode_image(content, image.path), image.box_px)
        start = self._clock()
        try:
            parts = query_images(pixels, handling, card.height, card.width,
                                 interpolation=card.interpolation)
        except ImageError as error:
            raise ImageError(f'{image.path}: {error}') from error
        descriptions = [self._model.describe(part, patches=self._patches) for part in parts]
        milliseconds = (self._clock() - start) * 1000.0
        if self._cache is not None:
            self._cache.put(key, [d.global_descriptor for d in descriptions], milliseconds)
        return DescribedImage(descriptions, milliseconds)
