# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An embedding map: every image where t-SNE puts its descriptor, as in SARE's figure 9.

A frame says what an image is, a line joins a query with the images that show its place: short
lines are what training is for.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import ImageArray

QUERY, DATABASE, LINE = (214, 90, 20), (40, 110, 190), (150, 150, 150)  # RGB
PAPER = 255
MARGIN_PX, FRAME_PX, LEGEND_PX = 12, 3, 30


def draw_embedding(points: NDArray[np.floating], thumbnails: Sequence[ImageArray],
                   is_query: Sequence[bool], pairs: Sequence[tuple[int, int]], *,
                   width_px: int = 1600, height_px: int = 1200) -> ImageArray:
    """Draw thumbnails at their points.

    Args:
        points: (n, 2), any scale; the aspect is not kept, as t-SNE's axes mean nothing.
        thumbnails: n, uint8 (h, w, 3) RGB of one size.
        is_query: n.
        pairs: indices of a query and of an image of its place.
        width_px: of the picture.
        height_px: of the picture.

    Returns:
        uint8 (height_px, width_px, 3) RGB.
    """
    picture = np.full((height_px, width_px, 3), PAPER, np.uint8)
    tall, wide = (side + 2 * FRAME_PX for side in thumbnails[0].shape[:2])
    low, high = points.min(0), points.max(0)
    share = (points - low) / np.maximum(high - low, 1e-12)
    room = np.array([width_px - wide - 2 * MARGIN_PX,
                     height_px - tall - 2 * MARGIN_PX - LEGEND_PX])
    corners = (share * room + np.array([MARGIN_PX, MARGIN_PX + LEGEND_PX])).round().astype(int)
    middles = corners + np.array([wide // 2, tall // 2])
    for query, other in pairs:
        cv2.line(picture, middles[query].tolist(), middles[other].tolist(), LINE, 1, cv2.LINE_AA)
    # queries last: where images lie on each other, both kinds stay to be seen
    for index in sorted(range(len(points)), key=lambda i: is_query[i]):
        x, y = corners[index]
        framed = picture[y:y + tall, x:x + wide]
        framed[:] = QUERY if is_query[index] else DATABASE
        framed[FRAME_PX:-FRAME_PX, FRAME_PX:-FRAME_PX] = thumbnails[index]
    _legend(picture)
    return picture


def _legend(picture: ImageArray) -> None:
    x = MARGIN_PX
    for text, colour in (('query', QUERY), ('database', DATABASE), ('same place', LINE)):
        if text == 'same place':
            cv2.line(picture, (x, 18), (x + 14, 18), colour, 2, cv2.LINE_AA)
        else:
            cv2.rectangle(picture, (x, 11), (x + 14, 25), colour, -1)
        cv2.putText(picture, text, (x + 20, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 40, 40), 1,
                    cv2.LINE_AA)
        x += 40 + cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)[0][0]
