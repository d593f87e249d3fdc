# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The list of augmentations of a recipe: which changes are drawn, in which order.

An entry is a name, or a name with its options::

    augmentation: [flip, {colour_jitter: {brightness: 0.5, contrast: 0.5}}]

What a robot compares was taken by one camera, so a group of images (a tuple, or a batch of
places) is flipped as a whole; everything else is drawn for each image. As in the benchmark
(section 4.5) a tuple's query is changed and its other images are flipped only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from training.augment import augment, draw_camera
from training.keys import build, key
from training.transforms import (
    ColourJitter,
    Flip,
    Perspective,
    RandomResizedCrop,
    Resizing,
    Rotation,
    Transform,
)
from vpr_ros.errors import ConfigError
from vpr_ros.types import ImageArray


@dataclass(frozen=True)
class Heavy:
    """What differs between two visits of a robot: view, light, lens, sensor, people in the way."""

    severity: float = key(1.0, 'Most that is drawn; most images get less.', least=0, most=1)


TRANSFORMS: dict[str, type[Transform]] = {
    'flip': Flip,
    'colour_jitter': ColourJitter,
    'random_resized_crop': RandomResizedCrop,
    'rotation': Rotation,
    'perspective': Perspective,
    'resizing': Resizing,
}
KNOWN: dict[str, type] = {'heavy': Heavy, **TRANSFORMS}
ReadImage = Callable[[int], ImageArray]


class Augmentation:
    """Changes images to the size of training.

    Args:
        steps: made of the recipe's list, in its order.
        height: of the result.
        width: of the result.
    """

    def __init__(self, steps: Sequence[Transform | Heavy], height: int, width: int) -> None:
        self.flip = next((step for step in steps if isinstance(step, Flip)), Flip(0.0))
        self.heavy = next((step for step in steps if isinstance(step, Heavy)), None)
        self.each = [step for step in steps if not isinstance(step, (Flip, Heavy))]
        self.height, self.width = height, width

    def group(self, rng: np.random.Generator) -> Group:
        """Draw what a group of images shares."""
        flip = bool(rng.random() < self.flip.probability)
        return Group(self, flip, draw_camera(rng) if self.heavy else None)


class Group:
    """Images of one camera: those of a tuple, or of a batch."""

    def __init__(self, owner: Augmentation, flip: bool, camera: Any) -> None:
        self.owner, self.flip, self.camera = owner, flip, camera

    def apply(self, image: ImageArray, rng: np.random.Generator, other: Callable[[], ImageArray],
              *, flip_only: bool = False) -> ImageArray:
        """One image as it is trained with.

        Args:
            image: uint8 (H, W, 3).
            rng: of this image alone.
            other: reads another image, to cut occluders from.
            flip_only: change nothing but what the group shares.

        Returns:
            uint8 (height, width, 3).
        """
        height, width = self.owner.height, self.owner.width
        if self.flip:
            image = np.ascontiguousarray(image[:, ::-1])
        if self.owner.heavy is not None:
            severity = self.owner.heavy.severity * rng.random() ** 1.5
            image = augment(image, other(), rng, self.camera, height, width, severity=severity)
        for step in self.owner.each:
            if not flip_only:
                image = step.apply(image, rng)
        if image.shape[:2] != (height, width):
            image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA),
                               np.uint8)
        return image


def make_augmentation(entries: Sequence[Any], height: int, width: int,
                      where: str = 'augmentation') -> Augmentation:
    """Make what a recipe lists.

    Args:
        entries: names, or mappings of one name to its options.
        height: of training images.
        width: of training images.
        where: begins the sentence of an error.

    Raises:
        ConfigError: an unknown name or option, a name that stands twice, a value out of range.
    """
    steps: list[Any] = []
    names: list[str] = []
    for entry in entries:
        name, options = (entry, {}) if isinstance(entry, str) else _named(entry, where)
        if name not in KNOWN:
            raise ConfigError(f'{where}: no augmentation named {name!r}; known: '
                              f'{", ".join(KNOWN)}')
        if name in names:
            raise ConfigError(f'{where}: {name} stands there twice; name it once')
        names.append(name)
        steps.append(build(KNOWN[name], options or {}, f'{where}: {name}'))
    if {'heavy', 'flip'} <= set(names):
        raise ConfigError(f'{where}: heavy flips by itself; leave flip out')
    return Augmentation(steps, height, width)


def _named(entry: Any, where: str) -> tuple[str, Any]:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        raise ConfigError(f'{where}: found {entry!r}, expected a name, or one name with its '
                          f'options such as {{rotation: {{degrees: 10}}}}')
    return next(iter(entry.items()))
