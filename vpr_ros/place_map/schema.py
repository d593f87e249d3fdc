# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The file format of a map: tables, identification, checksums.

A map is an SQLite file with the application id ``VPRM`` and the format version in SQLite's
``user_version``. All numbers in blobs are little-endian. Every row carries a CRC-32 of what it
says, so that a flipped bit is found when the row is read.

=============  ===================================================================================
meta           ``uuid``, ``model``, ``model_card``, ``state`` (revision, number of places, next
               place id), ``statistics`` (see :mod:`vpr_ros.place_map.statistics`), ``mean``,
               ``context`` and ``context_mean`` (see :mod:`vpr_ros.place_map.context`)
sessions       one row a drive: its name, the robot that drove, whether it was ended
places         one row a place; pose and travelled distance are NULL when unknown; the descriptor
               is float16; the sizes of thumbnail and patches tell when one of those is missing;
               ``revisit_of`` is the earlier place that shows the same spot, 0 for none
thumbnails     JPEG; beside the places, so that opening a map does not read them
patches        encoded patch descriptors, one row a patch size; under the size 2**31 - 1 the
               place's local features (see :mod:`vpr_ros.geometry.features`)
matches        how often a place was recognised by a later keyframe; no row for never
=============  ===================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
import math
import struct
from typing import Any
import zlib

APPLICATION_ID = 0x5650524D  # 'VPRM'
FORMAT_VERSION = 2  # see vpr_ros.place_map.migration for the older ones

TABLES = {
    'meta': """CREATE TABLE meta (
        key TEXT PRIMARY KEY NOT NULL,
        value NOT NULL,
        checksum INTEGER NOT NULL)""",
    'sessions': """CREATE TABLE sessions (
        session_id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        robot TEXT NOT NULL,
        closed INTEGER NOT NULL,
        checksum INTEGER NOT NULL)""",
    'places': """CREATE TABLE places (
        place_id INTEGER PRIMARY KEY,
        session_id INTEGER NOT NULL REFERENCES sessions,
        stamp_ns INTEGER NOT NULL,
        frame_id TEXT NOT NULL,
        travelled_m REAL,
        x_m REAL, y_m REAL, z_m REAL, qx REAL, qy REAL, qz REAL, qw REAL,
        pose_frame TEXT NOT NULL,
        thumbnail_bytes INTEGER NOT NULL,
        patch_bytes INTEGER NOT NULL,
        revisit_of INTEGER NOT NULL,
        checksum INTEGER NOT NULL,
        descriptor BLOB NOT NULL)""",
    'thumbnails': """CREATE TABLE thumbnails (
        place_id INTEGER PRIMARY KEY REFERENCES places ON DELETE CASCADE,
        jpeg BLOB NOT NULL,
        checksum INTEGER NOT NULL)""",
    'patches': """CREATE TABLE patches (
        place_id INTEGER NOT NULL REFERENCES places ON DELETE CASCADE,
        size INTEGER NOT NULL,
        codes BLOB NOT NULL,
        checksum INTEGER NOT NULL,
        PRIMARY KEY (place_id, size))""",
    'matches': """CREATE TABLE matches (
        place_id INTEGER PRIMARY KEY REFERENCES places ON DELETE CASCADE,
        count INTEGER NOT NULL,
        checksum INTEGER NOT NULL)""",
}

# Columns of a row of ``places`` by number.
REVISIT_OF, CHECKSUM, DESCRIPTOR = 15, 16, 17
_PLACE = struct.Struct('<qqqqqq8d')


def place_checksum(row: Sequence[Any]) -> int:
    """CRC-32 of a row of ``places``, its columns in the order of the table.

    The columns ``checksum`` and ``descriptor`` come last; the former is not looked at.

    Raises:
        struct.error, TypeError, AttributeError: a column holds another type than it should.
    """
    numbers = [math.nan if value is None else value + 0.0 for value in row[4:12]]
    head = _PLACE.pack(row[0], row[1], row[2], row[13], row[14], row[REVISIT_OF], *numbers)
    names = f'{row[3]}\0{row[12]}\0'.encode()
    return zlib.crc32(row[DESCRIPTOR], zlib.crc32(names, zlib.crc32(head)))


def is_intact(row: Sequence[Any]) -> bool:
    """Whether a row of ``places`` is as it was written."""
    try:
        return place_checksum(row) == row[CHECKSUM]
    except (struct.error, TypeError, AttributeError, ValueError, OverflowError):
        return False


def blob_checksum(place_id: int, size: int, data: bytes) -> int:
    """CRC-32 of a row of ``thumbnails`` (size 0) or ``patches``."""
    return zlib.crc32(data, zlib.crc32(struct.pack('<qq', place_id, size)))


def text_checksum(key: str | int, value: str | bytes) -> int:
    """CRC-32 of a row of ``meta``."""
    data = value.encode() if isinstance(value, str) else value
    return zlib.crc32(data, zlib.crc32(f'{key}\0'.encode()))


def session_checksum(session_id: int, name: str, robot: str, closed: int) -> int:
    """CRC-32 of a row of ``sessions``."""
    return zlib.crc32(f'{session_id}\0{name}\0{robot}\0{closed}'.encode())


def count_checksum(place_id: int, count: int) -> int:
    """CRC-32 of a row of ``matches``."""
    return zlib.crc32(struct.pack('<qq', place_id, count))
