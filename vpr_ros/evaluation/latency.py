# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Latency of each stage as quantiles."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

import numpy as np

HISTOGRAM_BINS = 48


class LatencyQuantiles:
    """Collects milliseconds by stage, 4 bytes each: two hours at 30 Hz are 6 MB."""

    def __init__(self) -> None:
        """Begin without measurements."""
        self.reset()

    def reset(self) -> None:
        """Forget all measurements."""
        self._values: dict[str, array[float]] = {}

    def update(self, latency_ms: Mapping[str, float]) -> None:
        """Add one recognition: stage name -> milliseconds."""
        for stage, value in latency_ms.items():
            self._values.setdefault(stage, array('f')).append(value)

    def compute(self) -> dict[str, dict[str, float]]:
        """Stage name -> ``p50``, ``p99``, ``mean`` and ``max`` in milliseconds."""
        result = {}
        for stage, values in self._values.items():
            numbers = np.asarray(values, np.float64)
            result[stage] = {
                'p50': round(float(np.quantile(numbers, 0.5)), 3),
                'p99': round(float(np.quantile(numbers, 0.99)), 3),
                'mean': round(float(numbers.mean()), 3),
                'max': round(float(numbers.max()), 3),
            }
        return result

    def histograms(self) -> dict[str, dict[str, list[float]]]:
        """Stage name -> ``edges`` in milliseconds (bins + 1) and ``counts`` (bins).

        The bins are even up to the 99.5 % quantile; what is slower falls into the last.
        """
        result = {}
        for stage, values in self._values.items():
            numbers = np.asarray(values, np.float64)
            top = max(float(np.quantile(numbers, 0.995)), 1e-3)
            counts, edges = np.histogram(np.minimum(numbers, top), HISTOGRAM_BINS, (0.0, top))
            counted = [float(c) for c in counts]
            result[stage] = {'edges': [round(float(e), 4) for e in edges],
                             'counts': counted}
        return result
