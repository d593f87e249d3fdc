# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small drives and images that the tests of this folder share."""

from __future__ import annotations

from pathlib import Path

import cv2
from helpers import place_image
import numpy as np

from vpr_ros.types import Frame, Pose

PLACES = 24  # of the drive, 2 m and 1 s apart
S = 1_000_000_000


def seen_again(number: int) -> np.ndarray:
    """Place ``number`` a little darker and noisier."""
    noise = np.random.default_rng(1000 + number).normal(0, 12, (96, 128, 3))
    return np.clip(place_image(number) * 0.85 + noise, 0, 255).astype(np.uint8)


def two_laps(*, poses: bool = True) -> list[Frame]:
    """Drive a circle of ``PLACES`` places twice."""
    frames = []
    for step in range(2 * PLACES):
        number = step % PLACES
        angle, radius = 2 * np.pi * number / PLACES, PLACES / np.pi
        position = (radius * np.cos(angle), radius * np.sin(angle), 0.0)
        heading = angle + np.pi / 2
        pose = Pose(position, (0.0, 0.0, np.sin(heading / 2), np.cos(heading / 2)), 'odom')
        image = place_image(number) if step < PLACES else seen_again(number)
        frames.append(Frame(image, (step + 1) * S, 'camera', pose if poses else None,
                            2.0 * step if poses else None))
    return frames


def write(path: Path, image: np.ndarray) -> None:
    """Write an RGB image."""
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
