# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import resource
import struct
import zlib

import cv2
from helpers import place_image
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ImageError
from vpr_ros.images import compressed_size, decode_compressed
from vpr_ros.images.compressed import MAX_CHUNKS

IMAGE = place_image(3)


def encoded(suffix: str, image: np.ndarray = IMAGE, *options: int) -> bytes:
    return cv2.imencode(suffix, np.ascontiguousarray(image[..., ::-1]), options)[1].tobytes()


@pytest.mark.parametrize('said', ['png', 'bgr8; png compressed bgr8', 'rgb8; png compressed ',
                                  'PNG', '', 'jpeg'])
def test_png_is_exact_whatever_the_format_says(said: str) -> None:
    rgb = decode_compressed(said, encoded('.png'))
    np.testing.assert_array_equal(rgb, IMAGE)
    assert rgb.flags.c_contiguous


@pytest.mark.parametrize('said', ['jpeg', 'jpg', 'bgr8; jpeg compressed bgr8',
                                  'rgb8; jpeg compressed bgr8', 'mono8; jpeg compressed '])
@pytest.mark.parametrize('options', [(cv2.IMWRITE_JPEG_PROGRESSIVE, 1), ()])
def test_jpeg_keeps_the_colours(said: str, options: tuple[int, ...]) -> None:
    rgb = decode_compressed(said, memoryview(encoded('.jpg', IMAGE, *options)))
    assert np.abs(rgb.astype(int) - IMAGE).mean() < 8


def test_colours_exchanged_before_compression_are_exchanged_back() -> None:
    exchanged = encoded('.png', IMAGE[..., ::-1])
    np.testing.assert_array_equal(
        decode_compressed('bgr8; png compressed rgb8', exchanged), IMAGE
    )


def test_grey_alpha_and_16_bits() -> None:
    grey = IMAGE[..., 0]
    expected = np.repeat(grey[..., None], 3, axis=2)
    raw = cv2.imencode('.png', grey)[1].tobytes()
    np.testing.assert_array_equal(decode_compressed('mono8; png compressed ', raw), expected)
    alpha = cv2.imencode('.png', np.dstack([IMAGE[..., ::-1], grey]))[1].tobytes()
    np.testing.assert_array_equal(decode_compressed('png', alpha), IMAGE)
    wide = cv2.imencode('.png', IMAGE[..., ::-1].astype(np.uint16) * 256 + 7)[1].tobytes()
    np.testing.assert_array_equal(decode_compressed('rgb16; png compressed bgr16', wide), IMAGE)
    counts = cv2.imencode('.png', 28_000 + 4 * grey.astype(np.uint16))[1].tobytes()
    assert decode_compressed('mono16; png compressed mono16', counts).std() > 50


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
@settings(deadline=None, max_examples=60)
@given(part=st.floats(0, 0.999))
def test_a_truncated_file_is_an_error(suffix: str, part: float) -> None:
    whole = encoded(suffix)
    with pytest.raises(ImageError) as raised:
        decode_compressed('', whole[:int(len(whole) * part)])
    assert '\n' not in str(raised.value)


@settings(deadline=None, max_examples=200)
@given(suffix=st.sampled_from(['.jpg', '.png']), seed=st.integers(0, 2**32 - 1))
def test_damage_gives_an_image_or_an_error(suffix: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(encoded(suffix, IMAGE[:24, :32]))
    for at in rng.integers(0, len(data), 4):
        data[at] = rng.integers(0, 256)
    try:
        rgb = decode_compressed('', bytes(data))
    except ImageError:
        return
    assert rgb.ndim == 3 and rgb.dtype == np.uint8


@pytest.mark.parametrize('noise', [b'', b'\xff', b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n', b'GIF89a'])
def test_what_is_no_image_is_an_error(noise: bytes) -> None:
    with pytest.raises(ImageError):
        decode_compressed('jpeg', noise)


def test_a_thumbnail_inside_does_not_hide_a_truncated_file() -> None:
    thumbnail = encoded('.jpg', IMAGE[:16, :16])
    comment = b'\xff\xe1' + struct.pack('>H', len(thumbnail) + 2) + thumbnail
    whole = encoded('.jpg')
    whole = whole[:2] + comment + whole[2:]
    assert decode_compressed('', whole).shape == IMAGE.shape
    assert compressed_size(whole) == (128, 96)
    with pytest.raises(ImageError, match='ends early'):
        decode_compressed('', whole[:-200])


def test_the_orientation_of_a_photograph_is_applied() -> None:
    # TIFF header, one entry: tag 0x0112 (orientation), SHORT, 6: turn by 90 degrees clockwise.
    tiff = b'MM\0*\0\0\0\x08' + struct.pack('>HHHIHHI', 1, 0x0112, 3, 1, 6, 0, 0)
    body = b'Exif\0\0' + tiff
    whole = encoded('.jpg', IMAGE, cv2.IMWRITE_JPEG_QUALITY, 100)
    turned = whole[:2] + b'\xff\xe1' + struct.pack('>H', len(body) + 2) + body + whole[2:]
    expected = np.rot90(decode_compressed('', whole), -1)
    np.testing.assert_array_equal(decode_compressed('', turned), expected)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))


def png_header(width: int, height: int) -> bytes:
    return b'\x89PNG\r\n\x1a\n' + chunk(
        b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    bomb = png_header(50_000, 50_000) + chunk(b'IEND', b'')
    with pytest.raises(ImageError, match='50000x50000 pixels, more than the 64000000'):
        decode_compressed('png', bomb)
    with pytest.raises(ImageError, match='128x96 pixels, more than the 1000'):
        decode_compressed('jpeg', encoded('.jpg'), max_pixels=1000)


@pytest.mark.parametrize('claimed', [2**31, 2**32 - 1, 3_770_000_000, 1 << 20])
def test_no_memory_is_taken_for_what_a_png_part_claims(claimed: int) -> None:
    """Gigabytes would be taken for it, and seconds to clear them."""
    whole = encoded('.png')
    at = whole.index(b'IDAT') - 4
    bomb = whole[:at] + struct.pack('>I', claimed) + whole[at + 4:]
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ImageError, match='PNG image ends early'):
        decode_compressed('png', bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 100_000


def test_png_needs_its_header_first_and_has_a_sane_number_of_parts() -> None:
    whole = encoded('.png')
    with pytest.raises(ImageError, match='does not begin with its header'):
        decode_compressed('png', whole[:8] + chunk(b'tEXt', b'a\0b') + whole[8:])
    many = whole[:33] + MAX_CHUNKS * chunk(b'tEXt', b'') + whole[33:]
    with pytest.raises(ImageError, match=f'more than the {MAX_CHUNKS} parts'):
        decode_compressed('png', many)


def test_a_jpeg_is_not_drawn_over_without_end() -> None:
    whole = encoded('.jpg', IMAGE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    last = whole.rindex(b'\xff\xda')
    bomb = whole[:-2] + 200 * whole[last:-2] + whole[-2:]
    with pytest.raises(ImageError, match=r'drawn in 2\d\d passes, more than the 100'):
        decode_compressed('jpeg', bomb)


@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_8k_is_decoded(suffix: str) -> None:
    picture = np.zeros((4320, 7680, 3), np.uint8)
    picture[:, :, 0] = 200
    assert decode_compressed('', encoded(suffix, picture)).shape == (4320, 7680, 3)


@pytest.mark.parametrize('size', [(0, 5), (5, 0)])
def test_an_image_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match='one at least'):
        decode_compressed('', png_header(*size) + chunk(b'IEND', b''))


@pytest.mark.parametrize(('said', 'sentence'), [
    ('16UC1; compressedDepth', 'holds depth, not a picture'),
    ('32FC1; compressedDepth png', 'holds depth'),
    ('h264', "format 'h264' is neither JPEG nor PNG; publish it"),
    ('', 'its 100 bytes are neither JPEG nor PNG; remove the file, or convert it'),
])
def test_other_formats_are_named(said: str, sentence: str) -> None:
    with pytest.raises(ImageError, match=sentence):
        decode_compressed(said, b'\0' * 100)
