# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""An index kept beside its map, so that a large map opens without being read.

``NAME.vprmap.index`` holds named arrays and a few facts: a line of JSON with the checksum of each
array, its own checksum before it, then the arrays, mapped from the file when they are used. Where
FAISS holds the index, ``NAME.vprmap.faiss`` lies beside it and its checksum is one of the facts.
The key says which state of which map they were made from. Anything that does not fit, was cut or
changed, or could have been written by another user, is as good as missing: the map is read, and
the files are written anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
import json
import os
from pathlib import Path
import stat
import struct
from typing import Any, NamedTuple
import zlib

import numpy as np
from numpy.typing import NDArray

from vpr_ros.whole_files import replacing

_MAGIC = b'VPRINDEX'
_HEAD = struct.Struct('<8sIQ')  # magic, CRC-32 of the JSON, its length
_FORMAT = 1
_ALIGNMENT = 4096
_MOST_JSON = 1 << 24
_CHUNK = 1 << 20
Arrays = Mapping[str, NDArray[Any]]


class Kept(NamedTuple):
    """What was found beside a map; the arrays are mapped copy-on-write."""

    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def index_path(map_path: Path) -> Path:
    """Where arrays and facts lie."""
    return map_path.with_name(map_path.name + '.index')


def faiss_path(map_path: Path) -> Path:
    """Where FAISS's own file lies."""
    return map_path.with_name(map_path.name + '.faiss')


def save(map_path: Path, key: Mapping[str, Any], facts: Mapping[str, Any], arrays: Arrays) -> None:
    """Write arrays and facts beside a map, in one step.

    Args:
        map_path: the map.
        key: identifies the state of the map.
        facts: JSON types.
        arrays: without Python objects.

    Raises:
        OSError: they cannot be written.
    """
    path = index_path(map_path)
    entries: dict[str, dict[str, Any]] = {}
    offset = 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array)
        entries[name] = {
            'type': np.lib.format.dtype_to_descr(data.dtype), 'shape': list(data.shape),
            'offset': offset, 'bytes': data.nbytes, 'checksum': _checksum(data),
        }
        offset += -(-data.nbytes // _ALIGNMENT) * _ALIGNMENT
    text = json.dumps({'format': _FORMAT, 'key': key, 'facts': facts, 'arrays': entries}).encode()
    with replacing(path) as draft:
        with open(draft, 'wb') as file:
            file.write(_HEAD.pack(_MAGIC, zlib.crc32(text), len(text)))
            file.write(text)
            begin = _first_array(len(text))
            for entry, array in zip(entries.values(), arrays.values(), strict=True):
                file.seek(begin + entry['offset'])
                file.write(np.ascontiguousarray(array).tobytes())
            file.truncate(begin + offset)
        os.chmod(draft, 0o644)


def load(map_path: Path, key: Mapping[str, Any]) -> Kept | None:
    """Load what was kept for this state of a map, checked; None when there is nothing to use."""
    path = index_path(map_path)
    try:
        if not trusted(path):
            return None
        with open(path, 'rb') as file:
            magic, checksum, length = _HEAD.unpack(file.read(_HEAD.size))
            if magic != _MAGIC or length > _MOST_JSON:
                return None
            text = file.read(length)
            if zlib.crc32(text) != checksum:
                return None
            found = json.loads(text)
            if found['format'] != _FORMAT or found['key'] != key:
                return None
            begin, arrays = _first_array(length), {}
            for name, entry in found['arrays'].items():
                start = begin + entry['offset']
                if checksum_of(path, start, entry['bytes']) != entry['checksum']:
                    return None
                arrays[name] = _mapped(path, start, entry)
            return Kept(found['facts'], arrays)
    except (OSError, ValueError, KeyError, TypeError, struct.error, RecursionError):
        return None


def remove(map_path: Path) -> None:
    """Delete what is kept beside a map."""
    for path in (index_path(map_path), faiss_path(map_path)):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def trusted(path: Path) -> bool:
    """Return True for a regular file that nobody but this user could have written."""
    facts = os.lstat(path)
    mine = not hasattr(os, 'geteuid') or facts.st_uid in (os.geteuid(), 0)
    return stat.S_ISREG(facts.st_mode) and mine and not facts.st_mode & 0o022


def checksum_of(path: Path, start: int = 0, length: int | None = None) -> int:
    """CRC-32 of a part of a file, read in pieces so that it does not stay in memory."""
    checksum = 0
    with open(path, 'rb') as file:
        file.seek(start)
        left = os.path.getsize(path) - start if length is None else length
        while left > 0 and (data := file.read(min(left, _CHUNK))):
            checksum = zlib.crc32(data, checksum)
            left -= len(data)
    if left:
        raise ValueError(f'{path} is too short')
    return checksum


def _checksum(array: NDArray[Any]) -> int:
    return zlib.crc32(array.reshape(-1).view(np.uint8).data) if array.size else 0


def _mapped(path: Path, start: int, entry: Mapping[str, Any]) -> NDArray[Any]:
    dtype, shape = np.dtype(_as_dtype(entry['type'])), tuple(entry['shape'])
    if dtype.hasobject or int(np.prod(shape)) * dtype.itemsize != entry['bytes']:
        raise ValueError('shape')
    if not entry['bytes']:
        return np.empty(shape, dtype)
    return np.asarray(np.memmap(path, dtype=dtype, mode='c', offset=start, shape=shape))


def _as_dtype(text: Any) -> Any:
    """Read a dtype's description, back from JSON, where tuples became lists."""
    if isinstance(text, str):
        return text
    return [(f[0], _as_dtype(f[1]), *(tuple(part) for part in f[2:])) for f in text]


def _first_array(json_bytes: int) -> int:
    return -(-(_HEAD.size + json_bytes) // _ALIGNMENT) * _ALIGNMENT
