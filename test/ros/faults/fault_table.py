# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the suite saw of each fault, as the table of docs/faults.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

BEGIN, END = '<!-- fault table: begin -->', '<!-- fault table: end -->'


@dataclass
class Row:
    """One fault: what was done, what is promised, what was seen.

    Attributes:
        fault: what was done to the node.
        expected: what the documentation promises.
        observed: what was seen, one clause each.
        passed: the test ended well.
    """

    fault: str
    expected: str
    observed: list[str] = field(default_factory=list)
    passed: bool = False

    def saw(self, *clauses: str) -> None:
        """Write down what was seen."""
        self.observed += clauses


class FaultTable:
    """The rows of one run of the suite, in the order of the tests."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def markdown(self) -> str:
        """Write the table."""
        lines = ['| fault | expected | observed |', '|---|---|---|']
        for row in self.rows:
            seen = '; '.join(row.observed) + ('' if row.passed else '; **FAILED**')
            cells = (row.fault, row.expected, seen)
            lines.append('| ' + ' | '.join(cell.replace('|', '\\|') for cell in cells) + ' |')
        return '\n'.join(lines)

    def write(self, path: Path) -> None:
        """Put the table between the marks of a page, or into a new file."""
        block = f'{BEGIN}\n{self.markdown()}\n{END}'
        text = path.read_text(encoding='utf-8') if path.exists() else f'{BEGIN}\n{END}\n'
        before, _, rest = text.partition(BEGIN)
        _, _, after = rest.partition(END)
        path.write_text(f'{before}{block}{after}', encoding='utf-8')
