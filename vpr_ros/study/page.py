# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pages without a script: tables and plots, light and dark, self-contained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from vpr_ros.errors import DataError
import vpr_ros.evaluation.report

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render(title: str, lead: str, sections: Iterable[str]) -> str:
    """One HTML text with the report's style."""
    style = Path(vpr_ros.evaluation.report.__file__).with_name('page.css')
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>
{style.read_text(encoding='utf-8')}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p class="lead">{escape(lead)}</p>
</header>
<main>
{''.join(sections)}
</main>
</body>
</html>
"""


def write_page(path: Path, text: str) -> Path:
    """Write a page, making its folder.

    Raises:
        DataError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    except OSError as error:
        raise DataError(f'{path} cannot be written ({error.strerror}); choose another folder'
                        ) from error
    return path


def panels(plots: Sequence[tuple[str, str]]) -> str:
    """Write plots side by side, each (heading, SVG)."""
    return '<div class="halves">' + ''.join(
        f'<div class="panel"><h3>{escape(heading)}</h3>{svg}</div>' for heading, svg in plots
    ) + '</div>'


def text_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table for the terminal: the first column to the left, the others to the right."""
    columns = list(zip(head, *rows, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    return '\n'.join(
        '  '.join(cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in (head, *rows))


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table for Markdown."""
    lines = [head, ['---'] + ['---:'] * (len(head) - 1), *rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)
