# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Progress bars on a terminal, and lines of text wherever output goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tqdm import tqdm

Report = Callable[[str], None]


class Progress:
    """Says how far a run is; only the first process does.

    Bars appear on a terminal alone, so that logs hold lines.

    Args:
        report: is given one line at a time; None is silent.
    """

    def __init__(self, report: Report | None) -> None:
        self._report = report

    def say(self, line: str) -> None:
        """Report a line, above the bars."""
        if self._report is not None:
            with tqdm.external_write_mode():
                self._report(line)

    def bar(self, total: int, what: str, first: int = 0) -> tqdm[Any]:
        """Show a bar that is moved by ``update`` and closed."""
        return tqdm(total=total, initial=first, desc=what, leave=False, dynamic_ncols=True,
                    disable=True if self._report is None else None)

    def mining(self, what: str) -> Callable[[int, int], None]:
        """Return a function that is told (done, total) and shows it."""
        bars: list[tqdm[Any]] = []

        def show(done: int, total: int) -> None:
            if not bars:
                bars.append(self.bar(total, what))
            bars[0].update(done - bars[0].n)
            if done >= total:
                bars[0].close()

        return show
