# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of a damaged SQLite file, read from its pages without SQLite.

A row lies in a leaf page of a table, and in overflow pages when it is long. Leaf pages are found
by looking at every page, so that damage elsewhere (the header, inner pages, other leaves) hides
none. What is found may be nonsense: whoever asks compares checksums. The layout is that of
https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

from collections.abc import Iterator
import os
from pathlib import Path
import struct
from types import TracebackType
from typing import Any, NamedTuple

from vpr_ros.place_map.limits import MAX_CARD_BYTES, MAX_PATCH_BYTES

LEAF = 0x0D
HEADER_BYTES = 100
USUAL_PAGE_BYTES = 4096
LARGEST_ROW = max(MAX_PATCH_BYTES, MAX_CARD_BYTES) + 4096
MOST_COLUMNS = 32
_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class Located(NamedTuple):
    """A row and where it lies.

    Attributes:
        page: number of its page, from 1.
        offset: of its cell in the page.
        rowid: its key.
        values: None, int, float, str or bytes a column; a column that is the key is None.
    """

    page: int
    offset: int
    rowid: int
    values: tuple[Any, ...]


class Pages:
    """The pages of a file; used as a context."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        head = os.pread(self._descriptor, HEADER_BYTES, 0)
        size = int.from_bytes(head[16:18], 'big')
        size = 65536 if size == 1 else size
        sane = len(head) == HEADER_BYTES and 512 <= size <= 65536 and not size & (size - 1)
        self.page_bytes = size if sane else USUAL_PAGE_BYTES
        self._usable = self.page_bytes - (head[20] if sane and head[20] <= 32 else 0)
        length = os.fstat(self._descriptor).st_size
        self.count = -(-length // self.page_bytes)

    def __enter__(self) -> Pages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def rows(self) -> Iterator[Located]:
        """Everything in leaf pages that reads like a row."""
        for number in range(1, self.count + 1):
            page = self._page(number)
            start = HEADER_BYTES if number == 1 else 0
            if len(page) < start + 8 or page[start] != LEAF:
                continue
            cells = int.from_bytes(page[start + 3:start + 5], 'big')
            room = (len(page) - start - 8) // 2
            for i in range(min(cells, room)):
                at = start + 8 + 2 * i
                row = self.row(number, int.from_bytes(page[at:at + 2], 'big'), page)
                if row is not None:
                    yield row

    def row(self, number: int, offset: int, page: bytes | None = None) -> Located | None:
        """Read the row of a cell; None when there is none that could be read."""
        page = self._page(number) if page is None else page
        try:
            size, at = _varint(page, offset)
            rowid, at = _varint(page, at)
            if not 0 < size <= LARGEST_ROW:
                return None
            payload = self._payload(page, at, size)
            return Located(number, offset, _signed(rowid), _values(payload))
        except (IndexError, ValueError, struct.error, UnicodeDecodeError):
            return None

    def _payload(self, page: bytes, at: int, size: int) -> bytes:
        usable = self._usable
        largest = usable - 35
        if size <= largest:
            return _exactly(page[at:at + size], size)
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= largest else least
        parts, left = [_exactly(page[at:at + local], local)], size - local
        following = int.from_bytes(_exactly(page[at + local:at + local + 4], 4), 'big')
        while left > 0:
            if not 0 < following <= self.count:
                raise ValueError('overflow')
            page = self._page(following)
            part = _exactly(page[4:4 + min(left, usable - 4)], min(left, usable - 4))
            following = int.from_bytes(page[:4], 'big')
            parts.append(part)
            left -= len(part)
        return b''.join(parts)

    def _page(self, number: int) -> bytes:
        return os.pread(self._descriptor, self.page_bytes, (number - 1) * self.page_bytes)


def _values(payload: bytes) -> tuple[Any, ...]:
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
        if len(kinds) > MOST_COLUMNS:
            raise ValueError('columns')
    values: list[Any] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    if kind in _INTEGER_BYTES:
        end = at + _INTEGER_BYTES[kind]
        return int.from_bytes(_exactly(payload[at:end], end - at), 'big', signed=True), end
    if kind == 7:
        return struct.unpack('>d', payload[at:at + 8])[0], at + 8
    if kind < 12:
        raise ValueError('reserved')
    size = (kind - 12) // 2
    data = _exactly(payload[at:at + size], size)
    return (data.decode() if kind % 2 else data), at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for i in range(8):
        byte = data[at + i]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + i + 1
    return value << 8 | data[at + 8], at + 9


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ValueError('cut off')
    return data
