# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Read result files, and check them against their JSON Schemas (docs/evaluation_schema.md).

The schemas in ``schema/`` are JSON Schema 2020-12; :func:`problems` knows the words that they use,
so that no further package is needed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
import json
from pathlib import Path
from typing import Any

from vpr_ros.errors import DataError
from vpr_ros.evaluation.about import RESULT_FORMAT

KINDS = ('evaluation', 'replay', 'calibration')
_VERBS = 'vpr evaluate, vpr replay or vpr calibrate'
_TYPES: Mapping[str, tuple[type, ...]] = {
    'object': (dict,), 'array': (list, tuple), 'string': (str,), 'boolean': (bool,),
    'null': (type(None),), 'integer': (int,), 'number': (int, float),
}


def schema_of(kind: str) -> dict[str, Any]:
    """Read the JSON Schema of one of :data:`KINDS`."""
    path = Path(__file__).parent / 'schema' / f'{kind}.json'
    schema: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
    return schema


def read_result(path: Path, kinds: Collection[str] = KINDS) -> dict[str, Any]:
    """Read a result file of one of some kinds.

    Raises:
        DataError: see :func:`read_json`; or it is of another kind, or not as its schema says.
    """
    raw = read_json(path)
    kind = raw.get('kind')
    if not isinstance(kind, str) or kind not in kinds:
        raise DataError(f'{path} is of kind {kind!r}, expected {" or ".join(sorted(kinds))}; give '
                        f'the file that --json of {_VERBS} wrote')
    wrong = next(problems(raw, schema_of(kind)), None)
    if wrong is not None:
        raise DataError(f'{path} is no {kind} result as docs/evaluation_schema.md describes it: '
                        f'{wrong}; write it again')
    return raw


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of a format that this version knows.

    Raises:
        DataError: it cannot be read, is no JSON object, or is newer than this version reads.
    """
    try:
        raw = json.loads(path.read_text(encoding='utf-8'))
        if not isinstance(raw, dict):
            raise ValueError(f'{type(raw).__name__} found, expected an object')
    except OSError as error:
        raise DataError(f'{path} cannot be read ({error.strerror})') from error
    except (ValueError, RecursionError) as error:
        raise DataError(f'{path} is no valid JSON ({error}); give the file that --json of '
                        f'{_VERBS} wrote') from error
    found = raw.get('format', RESULT_FORMAT)
    if isinstance(found, int) and found > RESULT_FORMAT:
        raise DataError(f'{path} has format {found}, this version reads up to {RESULT_FORMAT}; '
                        f'install a newer vpr_ros')
    return raw


def problems(
    value: Any, schema: Mapping[str, Any], *, strict: bool = False, where: str = '',
    root: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Say in words what does not fit a schema.

    Args:
        value: decoded JSON.
        schema: with the words type, const, enum, anyOf, $ref, properties, required,
            additionalProperties, items, minimum, maximum.
        strict: also name fields that the schema does not.
        where: the field, for the words.
        root: the whole schema, which holds ``$defs``.
    """
    root = schema if root is None else root
    if '$ref' in schema:
        schema = root['$defs'][schema['$ref'].rpartition('/')[2]]
    name = where or 'the file'
    if 'anyOf' in schema:
        each = [list(problems(value, s, strict=strict, where=where, root=root))
                for s in schema['anyOf']]
        if all(each):  # the branch that got furthest says most
            yield from max(each, key=lambda found: max(len(text.split(' ')[0]) for text in found))
        return
    if 'const' in schema and value != schema['const']:
        yield f'{name} is {value!r}, expected {schema["const"]!r}'
    if 'enum' in schema and value not in schema['enum']:
        yield f'{name} is {value!r}, expected one of {schema["enum"]!r}'
    wanted = schema.get('type')
    if wanted is not None and not _is_type(value, wanted):
        yield f'{name} is {type(value).__name__}, expected {wanted}'
        return
    if isinstance(value, (int, float)) and not (
            schema.get('minimum', value) <= value <= schema.get('maximum', value)):
        yield f'{name} is {value}, out of range'
    if isinstance(value, dict):
        yield from _of_object(value, schema, strict, where, root)
    if isinstance(value, (list, tuple)) and 'items' in schema:
        for number, item in enumerate(value):
            yield from problems(item, schema['items'], strict=strict, where=f'{where}[{number}]',
                                root=root)


def _of_object(
    value: dict[str, Any], schema: Mapping[str, Any], strict: bool, where: str,
    root: Mapping[str, Any],
) -> Iterator[str]:
    known = schema.get('properties', {})
    others = schema.get('additionalProperties')
    prefix = f'{where}.' if where else ''
    for field in schema.get('required', ()):
        if field not in value:
            yield f'{prefix}{field} is missing'
    for field, inner in value.items():
        if field in known:
            yield from problems(inner, known[field], strict=strict, where=f'{prefix}{field}',
                                root=root)
        elif isinstance(others, dict):
            yield from problems(inner, others, strict=strict, where=f'{prefix}{field}', root=root)
        elif strict and known:
            yield f'{prefix}{field} is not described'


def _is_type(value: Any, wanted: str | list[str]) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(value, bool):
        return 'boolean' in names
    return any(isinstance(value, _TYPES[name]) for name in names)
