# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Expected calibration error: whether 0.9 means being right nine times in ten."""

from __future__ import annotations

from typing import Any

import numpy as np


class CalibrationError:
    """Expected calibration error over even bins of the probability.

    Example:
        >>> metric = CalibrationError()
        >>> for correct in (True, True, True, False):
        ...     metric.update(0.75, correct=correct)
        >>> metric.compute()['ece']
        0.0
    """

    def __init__(self, bins: int = 10) -> None:
        """Use ``bins`` even bins of [0, 1]."""
        self.bins = bins
        self.reset()

    def reset(self) -> None:
        """Forget all queries."""
        self._count = np.zeros(self.bins, np.int64)
        self._sum = np.zeros(self.bins)
        self._right = np.zeros(self.bins, np.int64)

    def update(self, probability: float, *, correct: bool) -> None:
        """Add one match with its probability in [0, 1]."""
        row = min(int(probability * self.bins), self.bins - 1)
        self._count[row] += 1
        self._sum[row] += probability
        self._right[row] += correct

    def compute(self) -> dict[str, Any]:
        """Return ``ece`` (None without queries) and, by bin, count, mean probability, share right.

        ece = sum over bins of count / total * |share right - mean probability|.
        """
        filled = np.maximum(self._count, 1)
        mean, share = self._sum / filled, self._right / filled
        total = int(self._count.sum())
        gap = float((self._count * np.abs(share - mean)).sum())
        return {
            'ece': gap / total if total else None,
            'bins': [
                {'count': int(n), 'probability': float(p), 'right': float(r)}
                for n, p, r in zip(self._count, mean, share, strict=True)
            ],
        }
