# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a camera sends becomes uint8 (H, W, 3) RGB, or an error that says why not."""

from vpr_ros.images.blank import Blankness, blankness, is_blank
from vpr_ros.images.compressed import compressed_size, decode_compressed
from vpr_ros.images.convert import to_rgb
from vpr_ros.images.encodings import ENCODINGS
from vpr_ros.images.pictures import decode_picture

__all__ = [
    'ENCODINGS',
    'Blankness',
    'blankness',
    'compressed_size',
    'decode_compressed',
    'decode_picture',
    'is_blank',
    'to_rgb',
]
