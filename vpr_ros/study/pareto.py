# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The choices that no other choice beats in both respects."""

from __future__ import annotations

from collections.abc import Sequence


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the indices of the points that no other point dominates, by rising cost.

    Args:
        points: (cost, gain); less cost and more gain are better. A point dominates another when
            it is at least as good in both and better in one. Equal points stay together.

    Returns:
        Indices into ``points``.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1]))
    front: list[int] = []
    best: tuple[float, float] | None = None
    for i in order:
        if best is None or points[i][1] > best[1] or points[i] == best:
            front.append(i)
            best = points[i]
    return front
