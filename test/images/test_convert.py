# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every encoding against a conversion of one pixel at a time, written from its definition."""

from __future__ import annotations

import array
from functools import partial
import math
import struct
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ImageError
from vpr_ros.images import ENCODINGS, to_rgb

CHANNELS = {
    'rgb8': 'RGB', 'bgr8': 'BGR', 'rgba8': 'RGBA', 'bgra8': 'BGRA', 'mono8': 'G', '8UC1': 'G',
    '8UC3': 'BGR', '8UC4': 'BGRA',
}
WIDE_CHANNELS = {
    'rgb16': 'RGB', 'bgr16': 'BGR', 'rgba16': 'RGBA', 'bgra16': 'BGRA', '16UC3': 'BGR',
    '16UC4': 'BGRA',
}
PACKED_YUV = {'yuv422': 'UYVY', 'uyvy': 'UYVY', 'yuv422_yuy2': 'YUYV', 'yuyv': 'YUYV'}
GREY_STRETCHED = ('mono16', '16UC1', '32FC1')


class Message:
    """A random image message and what its bytes say, byte by byte."""

    def __init__(self, encoding: str, height: int, width: int, padding: int, big: bool,
                 seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.encoding, self.height, self.width, self.big = encoding, height, width, big
        row = width * bytes_per_pixel(encoding)
        self.step = row + padding
        planes = {'nv12': 3, 'nv21': 3, 'nv24': 6}.get(encoding, 2)
        self.data = rng.integers(0, 256, self.step * height * planes // 2, np.uint8).tobytes()
        if encoding == '32FC1':
            floats = rng.normal(3, 5, (height, width)).astype('>f4' if big else '<f4')
            floats[rng.random((height, width)) < 0.1] = rng.choice([math.nan, math.inf])
            rows = [line.tobytes() + rng.bytes(padding) for line in floats]
            self.data = b''.join(rows)

    def byte(self, y: int, x: int, offset: int = 0) -> int:
        return self.data[y * self.step + x + offset]

    def wide(self, y: int, x: int) -> int:
        first, second = self.byte(y, 2 * x), self.byte(y, 2 * x + 1)
        return first * 256 + second if self.big else second * 256 + first

    def real(self, y: int, x: int) -> float:
        start = y * self.step + 4 * x
        return struct.unpack('>f' if self.big else '<f', self.data[start:start + 4])[0]

    def convert(self, **changes) -> np.ndarray:
        fields: dict[str, Any] = {
            'encoding': self.encoding, 'height': self.height, 'width': self.width,
            'step': self.step, 'data': self.data, 'is_bigendian': self.big,
        }
        return to_rgb(**(fields | changes))


def bytes_per_pixel(encoding: str) -> int:
    if encoding in CHANNELS:
        return len(CHANNELS[encoding])
    if encoding in WIDE_CHANNELS:
        return 2 * len(WIDE_CHANNELS[encoding])
    if encoding in PACKED_YUV or encoding.endswith('16') or encoding == '16UC1':
        return 2
    return 4 if encoding == '32FC1' else 1


def pixel(message: Message, y: int, x: int) -> tuple[float, ...]:
    """One pixel of an encoding whose pixels do not depend on the rest of the image."""
    encoding = message.encoding
    if encoding in CHANNELS:
        names = CHANNELS[encoding]
        found = {name: message.byte(y, len(names) * x + i) for i, name in enumerate(names)}
        return tuple(found.get(color, found.get('G', 0)) if names == 'G' else found[color]
                     for color in 'RGB')
    if encoding in WIDE_CHANNELS:
        names = WIDE_CHANNELS[encoding]
        found = {name: message.wide(y, len(names) * x + i) // 256 for i, name in enumerate(names)}
        return tuple(found[color] for color in 'RGB')
    if encoding in PACKED_YUV:
        pair = {}
        for i, name in enumerate(PACKED_YUV[encoding]):
            key = f'Y{"Y0" in pair:d}' if name == 'Y' else name
            pair[key] = message.byte(y, 4 * (x // 2) + i)
        return yuv_pixel(pair[f'Y{x % 2}'], pair['U'], pair['V'])
    if encoding in ('nv12', 'nv21'):
        pair_at = [message.byte(message.height + y // 2, 2 * (x // 2) + i) for i in (0, 1)]
        u, v = pair_at if encoding == 'nv12' else reversed(pair_at)
        return yuv_pixel(message.byte(y, x), u, v)
    if encoding == 'nv24':
        chroma = message.step * message.height + y * 2 * message.step + 2 * x
        return yuv_pixel(message.byte(y, x), message.data[chroma], message.data[chroma + 1])
    assert encoding.startswith('bayer_')
    return bayer_pixel(message, y, x)


def yuv_pixel(y: int, u: int, v: int) -> tuple[float, ...]:
    """BT.601, luma 16 to 235: ITU-R BT.601-7 solved for R, G, B."""
    kr, kb = 0.299, 0.114
    luma, cb, cr = (max(y, 16) - 16) / 219, (u - 128) / 224, (v - 128) / 224
    red, blue = luma + 2 * (1 - kr) * cr, luma + 2 * (1 - kb) * cb
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return tuple(min(max(255 * value, 0), 255) for value in (red, green, blue))


def bayer_pixel(message: Message, y: int, x: int) -> tuple[float, ...]:
    """Mean of the nearest pixels of each colour, the mosaic mirrored at its border."""
    pattern = message.encoding.removeprefix('bayer_')[:4]
    wide = message.encoding.endswith('16')

    def mirrored(i: int, size: int) -> int:
        i = abs(i)
        return i if i < size else 2 * (size - 1) - i

    def value(row: int, column: int) -> int:
        row, column = mirrored(row, message.height), mirrored(column, message.width)
        return message.wide(row, column) // 256 if wide else message.byte(row, column)

    def color(row: int, column: int) -> str:
        return pattern[2 * (row % 2) + column % 2]

    result: list[float] = []
    for wanted in 'rgb':
        if color(y, x) == wanted:
            result.append(value(y, x))
            continue
        around = [(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        near = [place for place in around if color(*place) == wanted]
        closest = min(abs(i - y) + abs(j - x) for i, j in near)
        values = [value(i, j) for i, j in near if abs(i - y) + abs(j - x) == closest]
        result.append(sum(values) / len(values))
    return tuple(result)


def stretched(values: list[float], smallest_span) -> list[int]:
    """Do what ``narrow`` promises, with a sorted list."""
    known = sorted(value for value in values if math.isfinite(value))
    if not known:
        return [0] * len(values)
    low, high = (known[min(int(len(known) * part / 100), len(known) - 1)] for part in (1, 99))
    span = max(high - low, smallest_span(low, high)) or 1.0
    return [round(min(max((value - low) * (255 / span), 0), 255)) if math.isfinite(value) else 0
            for value in values]


@st.composite
def messages(draw) -> Message:
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    layout = ENCODINGS[encoding]
    sizes = st.integers(1, 7)
    height = draw(sizes) * (2 if layout.even_height else 1)
    width = draw(sizes) * (2 if layout.even_width else 1)
    padding = draw(st.sampled_from([0, 0, 1, 2, 3, 5, 8]))
    return Message(encoding, height, width, padding, draw(st.booleans()),
                   draw(st.integers(0, 2**32 - 1)))


@settings(deadline=None, max_examples=300)
@given(messages())
def test_equals_the_definition_pixel_by_pixel(message: Message) -> None:
    rgb = message.convert()
    assert rgb.shape == (message.height, message.width, 3)
    assert rgb.dtype == np.uint8 and rgb.flags.c_contiguous
    places = [(y, x) for y in range(message.height) for x in range(message.width)]
    if message.encoding == '32FC1':
        values = [message.real(y, x) for y, x in places]
        grey = stretched(values, lambda low, high: 0.05 * max(abs(low), abs(high)))
    elif message.encoding in GREY_STRETCHED:
        grey = stretched([message.wide(y, x) for y, x in places], lambda low, high: 255)
    else:
        # OpenCV rounds YUV and means in fixed point.
        tolerance = 0 if message.encoding in CHANNELS | WIDE_CHANNELS else (
            0.5 if message.encoding.startswith('bayer') else 1.5)
        expected = np.array([pixel(message, y, x) for y, x in places]).reshape(rgb.shape)
        np.testing.assert_allclose(rgb, expected, rtol=0, atol=tolerance)
        return
    expected = np.repeat(np.array(grey).reshape(rgb.shape[:2])[..., None], 3, axis=2)
    np.testing.assert_allclose(rgb, expected, rtol=0, atol=1)


@pytest.mark.parametrize('encoding', sorted(ENCODINGS))
@pytest.mark.parametrize('buffer', [bytes, bytearray, memoryview, partial(array.array, 'B'),
                                    lambda data: np.frombuffer(data, np.uint8)])
def test_takes_every_kind_of_buffer(encoding: str, buffer) -> None:
    message = Message(encoding, 4, 6, 3, False, 0)
    np.testing.assert_array_equal(
        message.convert(data=buffer(message.data)), message.convert()
    )


def test_rgb8_without_padding_is_not_copied() -> None:
    data = bytearray(Message('rgb8', 4, 6, 0, False, 0).data)
    rgb = to_rgb(encoding='rgb8', height=4, width=6, step=18, data=data)
    data[0] ^= 255
    assert rgb[0, 0, 0] == data[0]


def test_more_data_than_needed_is_fine() -> None:
    message = Message('bgr8', 4, 6, 0, False, 0)
    np.testing.assert_array_equal(
        message.convert(data=message.data + b'tail'), message.convert()
    )


@pytest.mark.parametrize('big', [False, True])
@pytest.mark.parametrize('encoding', ['mono16', '16UC1', 'bayer_rggb16', 'rgb16'])
def test_significant_bits_shift(encoding: str, big: bool) -> None:
    values = np.full((4, 4, 3 if encoding == 'rgb16' else 1), 1023, '>u2' if big else '<u2')
    values[:2] = 512
    rgb = to_rgb(encoding=encoding, height=4, width=4, step=values.strides[0],
                 data=values.tobytes(), is_bigendian=big, significant_bits=10)
    assert rgb[0, 0].tolist() == [128] * 3 and rgb[3, 3].tolist() == [255] * 3
    saturated = to_rgb(encoding=encoding, height=4, width=4, step=values.strides[0],
                       data=values.tobytes(), is_bigendian=big, significant_bits=8)
    assert saturated.min() == 255


def test_thermal_counts_fill_the_range_and_noise_stays_noise() -> None:
    rng = np.random.default_rng(0)

    def grey(values):
        return to_rgb(encoding='mono16', height=48, width=64, step=128,
                      data=values.astype('<u2').tobytes())

    scene = 29_000 + 1_500 * np.kron(rng.random((6, 8)), np.ones((8, 8)))
    assert grey(scene).std() > 60
    assert np.ptp(grey(29_000 + rng.normal(0, 2, (48, 64)))) < 20


@pytest.mark.parametrize(('changes', 'sentence'), [
    ({'encoding': 'h264'}, "'h264' cannot be converted.*rgb8, bgr8.*set the camera driver"),
    ({'height': 0}, '6x0 pixels has no pixels'),
    ({'width': 0}, '0x4 pixels has no pixels'),
    ({'step': 17}, 'step of 17 bytes, but a row needs 18'),
    ({'step': 0}, 'step of 0 bytes'),
    ({'data': b''}, 'holds 0 bytes, but 4 rows of 20 bytes need 80'),
    ({'height': 5}, '5 rows of 20 bytes need 100'),
    ({'encoding': 'nv12', 'height': 3}, 'odd size.*even width and height'),
    ({'encoding': 'nv21', 'width': 5}, 'odd size'),
    ({'encoding': 'yuyv', 'width': 5}, 'odd size.*even width;'),
    ({'encoding': 'bayer_rggb8', 'width': 5}, 'odd size'),
    ({'encoding': 'nv12'}, '6 rows of 20 bytes need 120'),
    ({'significant_bits': 4}, 'expected 8 to 16'),
])
def test_errors_say_what_is_wrong(changes: dict, sentence: str) -> None:
    message = Message('rgb8', 4, 6, 2, False, 0)
    with pytest.raises(ImageError, match=sentence) as raised:
        message.convert(**changes)
    assert '\n' not in str(raised.value)
