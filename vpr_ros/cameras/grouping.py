# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Approximate time synchronisation: images of several cameras become sets of one moment.

A set opens with its first image and is complete when every camera has given one. An image that
does not belong to it (too late, or of a camera that it has) closes it as it is, so that a camera
that is silent does not silence the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

Item = TypeVar('Item')


class Grouping(Generic[Item]):
    """Collects items by stamps.

    Attributes:
        incomplete: sets that were closed without every camera.
        late: items that were older than the open set by more than the tolerance, and left out.
    """

    def __init__(self, names: Sequence[str], tolerance_s: float) -> None:
        """Begin.

        Args:
            names: of the cameras.
            tolerance_s: stamps of one set differ by at most this.
        """
        self._names, self._tolerance_ns = tuple(names), round(tolerance_s * 1e9)
        self.reset()

    def reset(self) -> None:
        """Forget the open set and the counts."""
        self._open: dict[str, tuple[int, Item]] = {}
        self.incomplete = self.late = 0

    def add(self, name: str, stamp_ns: int, item: Item) -> list[dict[str, Item]]:
        """Take an item.

        Returns:
            The sets that are closed now (none, one or two), oldest first; each is camera name ->
            item, in the order of the names.
        """
        closed = []
        if self._open:
            stamps = [stamp for stamp, _ in self._open.values()]
            fits = (max(*stamps, stamp_ns) - min(*stamps, stamp_ns) <= self._tolerance_ns
                    and name not in self._open)
            if not fits and name not in self._open and stamp_ns < min(stamps):
                self.late += 1
                return []
            if not fits:
                self.incomplete += 1
                closed.append(self._take())
        self._open[name] = stamp_ns, item
        if len(self._open) == len(self._names):
            closed.append(self._take())
        return closed

    def _take(self) -> dict[str, Item]:
        opened, self._open = self._open, {}
        return {name: opened[name][1] for name in self._names if name in opened}
