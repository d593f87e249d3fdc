# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""8-bit codes: error bound, round trip through bytes, and bytes that are not ours."""

import struct
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest
from rerank.patch_sets import look, patch_set, scene

from vpr_ros.errors import MapError
from vpr_ros.rerank.codes import decode, decode_patches, encode, encode_patches, PatchCodes
from vpr_ros.types import PatchSet


@given(seed=st.integers(0, 10**6), rows=st.integers(1, 9), columns=st.integers(1, 9),
       dim=st.integers(1, 40), power=st.integers(-4, 4))
@settings(max_examples=80, deadline=None)
def test_decoded_is_near_and_as_long_and_bytes_round_trip(seed, rows, columns, dim, power):
    values = np.random.default_rng(seed).normal(size=(rows * columns, dim)) * 10.0**power
    centers = patch_set(np.ones((rows, columns, 1))).centers_px
    codes = encode(PatchSet(values.astype(np.float32), centers, (rows, columns)))
    error = np.abs(decode(codes).descriptors - values.astype(np.float32)).max(1)
    largest = np.abs(values).max(1)
    steps = np.maximum(largest, 1e-6) / 127
    stretched = np.abs(codes.scales / steps - 1)
    assert (error <= steps / 2 + largest * stretched + 1e-5 * largest + 1e-12).all()
    assert (stretched <= np.sqrt(dim) / 254 / (1 - np.sqrt(dim) / 254) + 1e-6).all()
    np.testing.assert_allclose(np.linalg.norm(decode(codes).descriptors, axis=1),
                               np.where(largest > 1e-6, np.linalg.norm(values, axis=1), 0),
                               rtol=1e-5, atol=1e-6)
    assert codes.codes.min() >= 1
    again = PatchCodes.from_bytes(codes.to_bytes())
    np.testing.assert_array_equal(again.codes, codes.codes)
    np.testing.assert_array_equal(again.scales, codes.scales)
    assert again.grid == codes.grid
    np.testing.assert_array_equal(decode(again).descriptors, decode(codes).descriptors)
    np.testing.assert_allclose(again.centers_px, centers, atol=1e-2)


def test_cosines_survive():
    patches = look(scene(0, dim=128), 0, 0, (12, 14))
    decoded = decode(encode(patches)).descriptors
    cosine = (decoded * patches.descriptors).sum(1) / np.linalg.norm(decoded, axis=1)
    assert cosine.min() > 0.9998


def test_an_image_at_128_dimensions_takes_a_hundred_and_twentieth():
    # three sizes of the 480x640 grid, float32 at 4096 dimensions, in the released code
    theirs = sum(n * 4096 * 4 for n in (1131, 936, 759))
    grids = {2: (29, 39), 5: (26, 36), 8: (23, 33)}
    stored = encode_patches({
        size: patch_set(np.random.default_rng(size).normal(size=(*grid, 128)))
        for size, grid in grids.items()
    })
    assert sum(map(len, stored.values())) * 120 <= theirs
    assert {size: codes.grid for size, codes in decode_patches(stored).items()} == grids


def test_a_zero_descriptor_stays_zero():
    codes = encode(PatchSet(np.zeros((4, 3), np.float32), patch_set(np.ones((2, 2, 1))).centers_px,
                            (2, 2)))
    assert not decode(codes).descriptors.any()


def test_descriptors_that_are_not_finite_are_refused():
    patches = look(scene(1), 0, 0, (3, 4))
    patches.descriptors[2, 1] = np.nan
    with pytest.raises(ValueError, match='not finite'):
        encode(patches)


def test_centres_that_are_no_grid_are_refused():
    patches = look(scene(1), 0, 0, (3, 4))
    patches.centers_px[5] += 1.0
    with pytest.raises(ValueError, match='no regular grid'):
        encode(patches).to_bytes()


def resealed(data: bytes, at: int, value: bytes) -> bytes:
    """Change some bytes and put the checksum right, as an attacker would."""
    body = data[:at] + value + data[at + len(value):-4]
    return body + struct.pack('<I', zlib.crc32(body))


DATA = encode(look(scene(2), 0, 0, (3, 4))).to_bytes()


@pytest.mark.parametrize(('data', 'sentence'), [
    (b'', '0 bytes found'),
    (DATA[:-1], 'bytes found'),
    (DATA + b'\0', 'bytes found'),
    (b'X' + DATA[1:], 'do not begin with VPRP'),
    (resealed(DATA, 4, struct.pack('<H', 2)), 'format 2 found, this version reads 1'),
    (DATA[:50] + bytes([DATA[50] ^ 1]) + DATA[51:], 'checksum'),
    (resealed(DATA, 6, struct.pack('<HHH', 0, 4, 32)), 'outside the limits'),
    (resealed(DATA, 6, struct.pack('<HHH', 1024, 1024, 8000)), 'at most'),
    (resealed(DATA, 6, struct.pack('<HHH', 3, 5, 32)), 'bytes found'),
    (resealed(DATA, 12, struct.pack('<f', float('nan'))), 'not finite'),
    (resealed(DATA, 24, struct.pack('<f', float('inf'))), 'not finite'),
    (resealed(DATA, 28, struct.pack('<f', float('nan'))), 'not finite'),
    (resealed(DATA, 32, struct.pack('<f', -1.0)), 'not finite'),
])
def test_malformed_bytes_are_refused(data, sentence):
    with pytest.raises(MapError, match=sentence):
        PatchCodes.from_bytes(data)


@given(data=st.binary(max_size=200), position=st.integers(0, len(DATA) - 1),
       flip=st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_any_damage_is_a_map_error(data, position, flip):
    damaged = DATA[:position] + bytes([DATA[position] ^ flip]) + DATA[position + 1:]
    for found in (data, damaged):
        with pytest.raises(MapError):
            PatchCodes.from_bytes(found)
