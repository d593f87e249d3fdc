# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random changes of bytes and of text; the same generator gives the same change."""

from __future__ import annotations

from copy import deepcopy
import json
import random
from typing import Any

NUMBERS = (
    '0', '-1', '1e309', '-0.0', 'NaN', 'Infinity', '99999999999999999999', '1e-400', '2147483648',
    '9223372036854775808', '0.5', 'true', 'null', '""', '[]', '{}', '"\\u0000"', '"\\ud800"',
)
VALUES: tuple[Any, ...] = (
    None, 0, -1, 1, 2**31, 2**63 - 1, -(2**63), 10**30, 0.0, -1.5, 1e308, float('nan'),
    float('inf'), True, '', 'x' * 300, '\0', '{}', '[]', [], {}, [[[]]], b'', b'\0', b'\xff' * 24,
)
TOKENS = (
    b'[' * 3000, b'{"a":' * 3000, b'\0', b'\xff\xfe', b'&a [*a]', b'!!python/object:x', b'%s%n',
    b'\n', b'"', b'../../', b': ', b'- ', b'1' * 5000, b'<<: *x', b'e9999', b'\xed\xa0\x80',
)


def mutate_bytes(sound: bytes, choose: random.Random) -> bytes:
    """One to a few flips, fills, cuts, copies or insertions."""
    data = bytearray(sound)
    for _ in range(choose.choice((1, 1, 1, 2, 4, 16))):
        if not data:
            break
        at, length = choose.randrange(len(data)), choose.choice((1, 2, 4, 16, 200))
        kind = choose.randrange(7)
        if kind == 0:
            data[at] ^= 1 << choose.randrange(8)
        elif kind == 1:
            data[at] = choose.randrange(256)
        elif kind == 2:
            data[at:at + length] = bytes([choose.choice((0, 255))]) * len(data[at:at + length])
        elif kind == 3:
            other = choose.randrange(len(data))
            data[at:at + length] = data[other:other + length]
        elif kind == 4:
            data[at:at] = choose.randbytes(length)
        elif kind == 5:
            del data[at:at + length]
        elif choose.random() < 0.2:
            del data[at:]
    return bytes(data)


def mutate_text(sound: bytes, choose: random.Random) -> bytes:
    """Like :func:`mutate_bytes`, or a token that means something, put somewhere."""
    if choose.random() < 0.4:
        return mutate_bytes(sound, choose)
    at = choose.randrange(len(sound) + 1)
    end = at + choose.choice((0, 0, 1, 8))
    return sound[:at] + choose.choice(TOKENS) + sound[end:]


def mutate_json(sound: bytes, choose: random.Random) -> bytes:
    """Text changes, or values of the document exchanged, dropped and added."""
    if choose.random() < 0.4:
        return mutate_text(sound, choose)
    document = json.loads(sound)
    for _ in range(choose.choice((1, 1, 2, 5))):
        _change(document, choose)
    text = json.dumps(document)
    if choose.random() < 0.5:
        text = text.replace('"@"', choose.choice(NUMBERS))
    return text.encode('utf-8', 'surrogatepass')


def _change(document: Any, choose: random.Random) -> None:
    """Walk to a random place and change what is there."""
    while isinstance(document, dict | list) and document:
        keys = list(document) if isinstance(document, dict) else range(len(document))
        key = choose.choice(keys)
        if isinstance(document[key], dict | list) and choose.random() < 0.8:
            document = document[key]
            continue
        kind = choose.randrange(4)
        if kind == 0:
            del document[key]
        elif kind == 1 and isinstance(document, dict):
            document[choose.choice(('', 'new', str(key) + 'x'))] = document[key]
        elif kind == 2:
            document[key] = '@'  # becomes one of NUMBERS
        else:
            value = deepcopy(choose.choice(VALUES))
            document[key] = value.decode('latin1') if isinstance(value, bytes) else value
        return
