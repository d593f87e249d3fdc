# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The message reference of the documentation, written from the interface files.

``python -m vpr_ros.messages_page > docs/messages.md`` renews it in a checkout; a test compares the
two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import re

FOLDER = Path(__file__).resolve().parents[1] / 'vpr_msgs'
KINDS = {'msg': ('Messages', ('',)), 'srv': ('Services', ('request', 'response')),
         'action': ('Actions', ('goal', 'result', 'feedback'))}
HEAD = """# Messages

This page lets you look up every field of every interface of `vpr_msgs`, with unit and range. It
is written by `python -m vpr_ros.messages_page` from the comments in `vpr_msgs/`. Which topic and
which service carries what, and when: [topics.md](topics.md).
"""
FIELD = re.compile(r'^(?P<type>\S+)\s+(?P<name>\w+)(?:\s*=\s*(?P<value>.+))?$')
GROUP = re.compile(r'^--- (.*) ---$')


@dataclass(frozen=True)
class Field:
    """A field or constant.

    Attributes:
        type: as ROS writes it.
        name: of the field.
        value: of a constant, else ''.
        text: what its comment says.
    """

    type: str  # noqa: A003
    name: str
    value: str
    text: str


def parse(text: str) -> tuple[str, list[list[Field]]]:
    """Read an interface file.

    Args:
        text: of a .msg, .srv or .action file.

    Returns:
        What it is for, and the fields of each part between lines of ``---``.
    """
    parts: list[list[Field]] = [[]]
    about: list[str] = []
    comment: list[str] = []
    in_head = True
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith('#'):
            words = line[1:].strip()
            if not words.startswith('SPDX-') and not GROUP.match(words):
                (about if in_head else comment).append(words)
        elif line == '---':
            parts.append([])
            comment, in_head = [], False
        elif not line:
            comment, in_head = [], False
        else:
            found = FIELD.match(line)
            if found is None:
                raise ValueError(f'{line!r} is no field')
            parts[-1].append(Field(found['type'], found['name'], found['value'] or '',
                                   ' '.join(comment)))
            comment = []
    return '\n'.join(about).strip(), parts


def _table(fields: list[Field]) -> Iterator[str]:
    constants = [field for field in fields if field.value]
    plain = [field for field in fields if not field.value]
    if plain:
        yield '| field | type | meaning |\n|---|---|---|'
        for field in plain:
            yield f'| `{field.name}` | {_shown(field.type)} | {field.text} |'
    if constants:
        yield '\n| constant | value | meaning |\n|---|---|---|'
        for field in constants:
            yield f'| `{field.name}` | `{field.value}` | {field.text} |'
    if not fields:
        yield 'Empty.'


def _shown(kind: str) -> str:
    """Return a type, with a link where it is one of these pages' own."""
    own = re.match(r'^(?:vpr_msgs/)?([A-Z]\w*)(\[\d*\])?$', kind)
    return f'[{own[1]}](#{own[1].lower()}){own[2] or ""}' if own else f'`{kind}`'


def markdown(folder: Path = FOLDER) -> str:
    """Write the whole page."""
    lines = [HEAD]
    for kind, (title, names) in KINDS.items():
        lines.append(f'## {title}\n')
        for path in sorted((folder / kind).glob(f'*.{kind}')):
            about, parts = parse(path.read_text(encoding='utf-8'))
            lines.append(f'### {path.stem}\n\n{about}\n')
            for name, fields in zip(names, parts, strict=True):
                if name:
                    lines.append(f'**{name}**\n')
                lines += [*_table(fields), '']
    return '\n'.join(lines).rstrip() + '\n'


if __name__ == '__main__':
    print(markdown(), end='')
