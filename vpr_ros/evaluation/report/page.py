# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page that all reports share: figures, sections and the data that the script draws.

The page holds everything it needs. Its content security policy forbids every request, so that it
looks the same offline, in an archive and on a colleague's machine.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
import json
import math
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_POLICY = ("default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
           "script-src 'unsafe-inline'")


@dataclass(frozen=True)
class Tile:
    """One figure of the summary; ``tone`` is good, bad, warn, info or ''."""

    label: str
    value: str
    note: str = ''
    tone: str = ''


@dataclass
class Item:
    """One query that can be chosen: its pictures and its evidence.

    Attributes:
        kind: one or two words, also a button of the legend.
        tone: good, bad, warn or info.
        title: one line.
        rows: (name, value) of the evidence.
        pictures: (label, key of the picture).
        at, to: positions of the query and of its match in metres, or None.
    """

    kind: str
    tone: str
    title: str
    rows: list[tuple[str, str]]
    pictures: list[tuple[str, str]]
    at: tuple[float, float] | None = None
    to: tuple[float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the form that the script reads."""
        return {
            'kind': self.kind, 'tone': self.tone, 'title': self.title, 'rows': self.rows,
            'pictures': [{'label': label, 'key': key} for label, key in self.pictures],
            'at': self.at, 'to': self.to,
        }


@dataclass
class Page:
    """A report before it is written."""

    title: str
    lead: str
    verdict: str
    tiles: list[Tile]
    items: list[Item]
    sections: list[str] = field(default_factory=list)
    groups: dict[str, list[int]] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)

    def render(self) -> str:
        """Write the page as one HTML text."""
        data = {
            **self.data, 'items': [item.to_json() for item in self.items], 'groups': self.groups,
            'first': self._first(),
            'pictures': {key: data_uri(jpeg) for key, jpeg in self.pictures.items() if jpeg},
        }
        tiles = ''.join(
            f'<div class="tile {tile.tone}"><dt>{escape(tile.label)}</dt>'
            f'<dd>{escape(tile.value)}</dd><small>{escape(tile.note)}</small></div>'
            for tile in self.tiles
        )
        return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(self.title)}</title>
<link rel="icon" href="data:,">
<style>
{(_FOLDER / 'page.css').read_text(encoding='utf-8')}</style>
</head>
<body>
<header>
<h1>{escape(self.title)}</h1>
<p class="lead">{escape(self.lead)}</p>
<p class="verdict">{escape(self.verdict)}</p>
<dl class="tiles">{tiles}</dl>
</header>
<main>
{''.join(self.sections)}
<noscript><p>The drawings of this page need JavaScript; the tables do not.</p></noscript>
</main>
<script type="application/json" id="data">{embed(data)}</script>
<script>
{(_FOLDER / 'page.js').read_text(encoding='utf-8')}</script>
</body>
</html>
"""

    def _first(self) -> int:
        """Return the item to show first: the first failure, else the first of all."""
        for tone in ('bad', 'warn'):
            for index, item in enumerate(self.items):
                if item.tone == tone:
                    return index
        return 0


def data_uri(jpeg: bytes) -> str:
    """Return a JPEG as an address that holds it."""
    return f'data:image/jpeg;base64,{base64.b64encode(jpeg).decode("ascii")}'


def embed(value: Any) -> str:
    """JSON that may stand inside a script element, whatever its strings hold."""
    text = json.dumps(_plain(value), ensure_ascii=True, allow_nan=False, separators=(',', ':'))
    return text.replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026')


def section(heading: str, body: str, *, note: str = '') -> str:
    """Write a section; ``heading`` and ``note`` are text, ``body`` is HTML."""
    lead = f'<p class="note">{escape(note)}</p>' if note else ''
    return f'<section><h2>{escape(heading)}</h2>{lead}{body}</section>\n'


def table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], *, bars: Sequence[float] = ()
) -> str:
    """Write a table; the first column is text, the others numbers, ``bars`` in [0, 1] the last."""
    cells = ''.join(f'<th{"" if i == 0 else " class=n"}>{escape(h)}</th>'
                    for i, h in enumerate(head))
    body = ''
    for number, row in enumerate(rows):
        columns = ''.join(
            f'<td class="{"v" if i == 0 else "n"}">{escape(str(value))}</td>'
            for i, value in enumerate(row)
        )
        if bars:
            columns += (f'<td class="b" style="width:40%"><div class="bar" '
                        f'style="width:{100 * bars[number]:.1f}%"></div></td>')
        body += f'<tr>{columns}</tr>'
    extra = '<th class=b></th>' if bars else ''
    return (f'<div class="scroll"><table><thead><tr>{cells}{extra}</tr></thead>'
            f'<tbody>{body}</tbody></table></div>')


def percent(value: float | None) -> str:
    """Write a fraction as a percentage; a dash for None. 100.0 only when it is exactly 1."""
    if value is None:
        return '–'
    shown = f'{100 * value:.1f}'
    return f'{"99.9" if shown == "100.0" and value < 1 else shown} %'


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with so many decimals; a dash for None."""
    return '–' if value is None else f'{value:.{digits}f}'


def _plain(value: Any) -> Any:
    """Return the same with floats that are not finite as None, which JSON can hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
