# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small sources of maps, and what is in a map in a form that can be compared."""

from __future__ import annotations

from pathlib import Path

import cv2
from helpers import place_image
import numpy as np

from vpr_ros.place_map import PlaceMap
from vpr_ros.settings import load_settings
from vpr_ros.types import Place

SETTINGS = load_settings(
    None, rerank='none', context_keyframes=0, keyframe_distance_m=1.0, keyframe_interval_s=0.05)


def image_folder(folder: Path, places: range | list[int]) -> Path:
    """Make a folder with a picture of each place."""
    folder.mkdir(parents=True)
    for number, place in enumerate(places):
        cv2.imwrite(str(folder / f'{number:04d}.png'), place_image(place)[:, :, ::-1])
    return folder


def content(path: Path) -> tuple[list[tuple[str, int]], list[tuple[Place, np.ndarray]]]:
    """Sessions (name, places) and places with their descriptors."""
    with PlaceMap.open(path, read_only=True) as place_map:
        return (
            [(session.name, session.places) for session in place_map.sessions()],
            [(p, place_map.descriptor(p.place_id)) for p in place_map.places()],
        )
