# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Looks into a pickle without running it: what it would call is only written down.

The instructions of a pickle are read one by one; where it would look up a function and call it, a
:class:`Record` takes the place of the result. Numbers and arrays of NumPy are then made from those
records by plain code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
import pickletools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ModelError

_MARK = object()
_CONSTANTS = {'NONE': None, 'NEWTRUE': True, 'NEWFALSE': False}
_VALUES = (
    'INT', 'LONG', 'LONG1', 'LONG4', 'FLOAT', 'STRING', 'UNICODE', 'BYTEARRAY8', 'BININT',
    'BININT1', 'BININT2', 'BINFLOAT', 'BINUNICODE', 'BINUNICODE8', 'SHORT_BINUNICODE', 'BINBYTES',
    'BINBYTES8', 'SHORT_BINBYTES', 'BINSTRING', 'SHORT_BINSTRING',
)


@dataclass
class Record:
    """What a pickle would have looked up or made.

    Attributes:
        name: of the function or class, with its module.
        arguments: that it would have been called with; None when it was only looked up.
        state: that the object would have been filled with.
        items: put into it afterwards.
    """

    name: str
    arguments: tuple[Any, ...] | None = None
    state: Any = None
    items: list[Any] = field(default_factory=list)


def read_pickle(path: Path) -> Any:
    """Read what a pickle holds: containers, numbers, text, bytes, and records of everything else.

    Raises:
        ModelError: it is no pickle, or uses what is not known here.
    """
    try:
        return _run(path.read_bytes())
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f'{path} cannot be read as a pickle ({error}); save what it holds as '
                         f'.npz') from error


def _run(data: bytes) -> Any:
    stack: list[Any] = []
    memo: dict[int, Any] = {}

    def since_mark() -> list[Any]:
        index = max(i for i, item in enumerate(stack) if item is _MARK)
        items = stack[index + 1:]
        del stack[index:]
        return items

    operation: Any
    argument: Any
    for operation, argument, _ in pickletools.genops(data):
        name = operation.name
        if name in ('PROTO', 'FRAME'):
            continue
        if name == 'STOP':
            return stack.pop()
        if name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _VALUES:
            stack.append(argument)
        elif name == 'GLOBAL':
            stack.append(Record(str(argument).replace(' ', '.')))
        elif name == 'STACK_GLOBAL':
            attribute, module = stack.pop(), stack.pop()
            stack.append(Record(f'{module}.{attribute}'))
        elif name in ('REDUCE', 'NEWOBJ'):
            arguments, function = stack.pop(), stack.pop()
            stack.append(Record(function.name, tuple(arguments)))
        elif name == 'BUILD':
            state = stack.pop()
            stack[-1].state = state
        elif name == 'MARK':
            stack.append(_MARK)
        elif name in ('POP', 'POP_MARK'):
            stack.pop() if name == 'POP' else since_mark()
        elif name.startswith('EMPTY_'):
            stack.append({'TUPLE': (), 'LIST': [], 'DICT': {}, 'SET': []}[name[6:]])
        elif name in ('TUPLE', 'LIST', 'FROZENSET'):
            items = since_mark()
            stack.append(tuple(items) if name == 'TUPLE' else items)
        elif name in ('TUPLE1', 'TUPLE2', 'TUPLE3'):
            count = int(name[-1])
            items = stack[-count:]
            del stack[-count:]
            stack.append(tuple(items))
        elif name in ('APPEND', 'APPENDS', 'ADDITEMS'):
            items = [stack.pop()] if name == 'APPEND' else since_mark()
            target = stack[-1].items if isinstance(stack[-1], Record) else stack[-1]
            target.extend(items)
        elif name in ('SETITEM', 'SETITEMS'):
            items = [stack.pop(-2), stack.pop()] if name == 'SETITEM' else since_mark()
            pairs = list(zip(items[::2], items[1::2], strict=True))
            if isinstance(stack[-1], Record):
                stack[-1].items.extend(pairs)
            else:
                stack[-1].update(pairs)
        elif name == 'MEMOIZE':
            memo[len(memo)] = stack[-1]
        elif name in ('BINPUT', 'LONG_BINPUT', 'PUT'):
            memo[int(argument)] = stack[-1]
        elif name in ('BINGET', 'LONG_BINGET', 'GET'):
            stack.append(memo[int(argument)])
        else:
            raise ValueError(f'its instruction {name} is not known')
    raise ValueError('it is cut off')


def as_array(value: Any) -> NDArray[Any]:
    """Make a NumPy array or number from its record.

    Raises:
        ValueError: it is none, or not of numbers.
    """
    if isinstance(value, (int, float)):
        return np.array(value)
    if not isinstance(value, Record) or value.arguments is None:
        raise ValueError(f'expected an array, found {type(value).__name__}')
    if value.name.endswith('multiarray.scalar'):
        kind, data = value.arguments
        return np.frombuffer(_bytes(data), _dtype(kind))[0]
    if value.name.endswith('multiarray._reconstruct') and value.state is not None:
        _, shape, kind, fortran, data = value.state
        return _shaped(_bytes(data), _dtype(kind), shape, 'F' if fortran else 'C')
    if value.name.endswith('numeric._frombuffer'):  # protocol 5
        data, kind, shape, order = value.arguments
        return _shaped(_bytes(data), _dtype(kind), shape, order)
    raise ValueError(f'expected an array, found {value.name}')


def _shaped(data: bytes, kind: np.dtype[Any], shape: Any, order: Any) -> NDArray[Any]:
    sizes = tuple(int(n) for n in shape)
    return np.frombuffer(data, kind).reshape(sizes, order='F' if order == 'F' else 'C').copy()


def _dtype(value: Any) -> np.dtype[Any]:
    if not isinstance(value, Record) or not value.arguments:
        raise ValueError('an array without a type')
    kind = np.dtype(str(value.arguments[0]))
    if value.state and value.state[1] == '>':
        kind = kind.newbyteorder('>')
    if kind.kind not in 'biuf':
        raise ValueError(f'an array of {kind}, expected numbers')
    return kind


def _bytes(value: Any) -> bytes:
    if isinstance(value, Record) and value.name == '_codecs.encode' and value.arguments:
        return str(value.arguments[0]).encode('latin1')  # how protocol 2 writes bytes
    if isinstance(value, Record) and value.name.split('.')[-1] in ('bytes', 'bytearray'):
        return _bytes(value.arguments[0]) if value.arguments else b''
    if not isinstance(value, (bytes, bytearray)):
        raise ValueError(f'expected the bytes of an array, found {type(value).__name__}')
    return bytes(value)
