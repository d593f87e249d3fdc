# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import struct

import cv2
from helpers import place_image
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ImageError
from vpr_ros.images import decode_picture

IMAGE = place_image(3)
LOSSLESS = ['.png', '.bmp', '.ppm', '.tif', '.webp']


def encoded(suffix: str, *options: int) -> bytes:
    picture = np.ascontiguousarray(IMAGE[..., ::-1])
    if suffix == '.webp' and not options:
        options = (cv2.IMWRITE_WEBP_QUALITY, 101)
    return cv2.imencode(suffix, picture, options)[1].tobytes()


@pytest.mark.parametrize('suffix', LOSSLESS)
def test_every_kind_is_read_as_it_was_written(suffix: str) -> None:
    np.testing.assert_array_equal(decode_picture(encoded(suffix)), IMAGE)


@pytest.mark.parametrize(('suffix', 'options'), [
    ('.jpg', ()), ('.webp', (cv2.IMWRITE_WEBP_QUALITY, 90)),
    ('.bmp', ()), ('.pgm', ()), ('.pbm', ()), ('.tiff', ()), ('.png', ()),
])
def test_the_size_is_refused_before_decoding(suffix: str, options: tuple[int, ...]) -> None:
    picture = IMAGE[..., 0] if suffix in ('.pgm', '.pbm') else IMAGE[..., ::-1]
    data = cv2.imencode(suffix, np.ascontiguousarray(picture), options)[1].tobytes()
    with pytest.raises(ImageError, match='128x96 pixels, more than the 5000'):
        decode_picture(data, max_pixels=5000)
    assert decode_picture(data).shape == IMAGE.shape


@pytest.mark.parametrize('data', [
    b'P6\n# a comment\n60000 60000\n255\n' + bytes(99),
    b'BM' + struct.pack('<IIIIiiHHIIIIII', 99, 0, 54, 40, 60000, -60000, 1, 24, 0, 0, 0, 0, 0, 0),
    b'RIFF\x00\x01\x00\x00WEBPVP8X\x0a\0\0\0\0\0\0\0' + 2 * (59_999).to_bytes(3, 'little')
    + bytes(20),
    b'II*\0\x08\0\0\0\x02\0' + struct.pack('<HHII', 256, 4, 1, 60000)
    + struct.pack('<HHII', 257, 4, 1, 60000) + bytes(40),
])
def test_bombs_of_every_kind_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match='60000x60000 pixels, more than the 64000000'):
        decode_picture(data)


@pytest.mark.parametrize('data', [b'', b'BM', b'P6', b'II*\0', b'MM\0*\xff\xff\xff\xff', b'text',
                                  b'RIFF\0\0\0\0WEBPVP9 ' + bytes(30)])
def test_what_is_no_picture_is_an_error(data: bytes) -> None:
    with pytest.raises(ImageError):
        decode_picture(data)


@settings(deadline=None, max_examples=200)
@given(suffix=st.sampled_from([*LOSSLESS, '.jpg']), seed=st.integers(0, 2**32 - 1),
       keep=st.floats(0.0, 1.0))
def test_damage_gives_a_picture_or_an_error(suffix: str, seed: int, keep: float) -> None:
    rng = np.random.default_rng(seed)
    small = np.ascontiguousarray(IMAGE[:24, :32])
    data = bytearray(cv2.imencode(suffix, small)[1].tobytes())
    for at in rng.integers(0, min(len(data), 200), 3):
        data[at] = rng.integers(0, 256)
    try:
        rgb = decode_picture(bytes(data[:int(len(data) * max(keep, 0.2))]))
    except ImageError:
        return
    assert rgb.ndim == 3 and rgb.dtype == np.uint8
