# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Query and match side by side, as a JPEG: what a person looks at to trust a loop closure.

Where the match was re-ranked, the patches that agree and those that do not are joined by lines.
"""

from __future__ import annotations

import array
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from vpr_ros.errors import ImageError
from vpr_ros.images import decode_compressed
from vpr_ros.rerank import PatchCodes
from vpr_ros.rerank.drawing import draw_matches
from vpr_ros.types import ImageArray, PatchSet, Recognition

HEIGHT_PX = 240
LINES_HEIGHT_PX = 360  # of the images when lines lie on them
BAR_PX = 28
QUALITY = 85
GREEN, AMBER, WHITE = (46, 184, 87), (245, 166, 36), (255, 255, 255)  # RGB


@dataclass(frozen=True)
class MatchedPatches:
    """The patches of a query and of its best match.

    Attributes:
        query, match: patch size -> patches.
        input_size: (height, width) of the model's input, in whose pixels their centres are.
    """

    query: Mapping[int, PatchSet]
    match: Mapping[int, PatchCodes]
    input_size: tuple[int, int]


def match_image(image: ImageArray, thumbnail: bytes, recognition: Recognition,
                patches: MatchedPatches | None = None) -> array.array[int]:
    """Draw the query and the stored thumbnail of its best match with the decision below.

    Args:
        image: uint8 (H, W, 3) RGB, the query.
        thumbnail: JPEG of the best match; empty when there is none.
        recognition: what became of the query.
        patches: of both, to be joined where they match; None draws no lines.

    Returns:
        The JPEG's bytes, in the form that ROS messages take without a copy per byte.
    """
    stored, match = _decode(thumbnail), recognition.best
    if stored is not None and patches is not None and match is not None:
        shown = draw_matches(image, stored, patches.query, patches.match,
                             input_size=patches.input_size, evidence=match.spatial,
                             height_px=LINES_HEIGHT_PX)
    else:
        left = _scale(image)
        right = np.full_like(left, 40) if stored is None else _scale(stored)
        shown = np.hstack([left, right])
    color = GREEN if recognition.accepted else AMBER
    bar = np.full((BAR_PX, shown.shape[1], 3), color, np.uint8)
    cv2.putText(bar, _caption(recognition), (8, BAR_PX - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.45, WHITE,
                1, cv2.LINE_AA)
    picture = cv2.cvtColor(np.vstack([shown, bar]), cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode('.jpg', picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    result = array.array('B')
    result.frombytes(encoded.tobytes())
    return result


def _caption(recognition: Recognition) -> str:
    match = recognition.best
    if match is None:
        return recognition.reason.name
    return (
        f'{recognition.reason.name}  p {recognition.probability:.2f}  similarity '
        f'{match.similarity:.2f}  place {match.place.place_id}'
    )


def _decode(jpeg: bytes) -> ImageArray | None:
    if not jpeg:
        return None
    try:
        return decode_compressed('jpeg', jpeg)
    except ImageError:  # of a map from elsewhere: the picture is only looked at
        return None


def _scale(image: ImageArray) -> ImageArray:
    height, width = image.shape[:2]
    size = (max(1, round(width * HEIGHT_PX / height)), HEIGHT_PX)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
