# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Synthetic drives by the million, and views of their places, for the benchmark of scale.

A drive is a walk x[i+1] = a x[i] + sqrt(1 - a^2) z of descriptors, a = 0.9, so that successive
places look alike. Dimensions differ in strength as real ones do: by the spectrum of a map's own
descriptors where one is given (turned into its principal axes), else by i^-1/2. A query is a place
seen again with the share c of the old view, c even in 0.5 to 0.95, the rest drawn like the places:
down to 0.5 the place is often not its own nearest any more, which is what makes the search hard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray

STEP_COSINE = 0.9
DRIVE_PLACES = 2000
SHARED_VIEW = (0.5, 0.95)
CHUNK_PLACES = 20_000


@dataclass(frozen=True)
class Look:
    """How descriptors are spread.

    Attributes:
        axes: float32 (D, D), rows are directions times their strength; or (D,), strengths alone.
        mean: float32 (D,).
    """

    axes: FloatArray
    mean: FloatArray

    @classmethod
    def synthetic(cls, dim: int) -> Look:
        """Strengths i^-1/2 along the dimensions."""
        strength = np.arange(1, dim + 1, dtype=np.float32) ** -0.5
        return cls(strength, np.zeros(dim, np.float32))

    @classmethod
    def of(cls, descriptors: FloatArray) -> Look:
        """Principal axes and strengths of real descriptors, float32 (n, D)."""
        mean = descriptors.mean(axis=0)
        _, strength, axes = np.linalg.svd(descriptors - mean, full_matrices=False)
        scaled = axes * (strength / np.sqrt(len(descriptors)))[:, np.newaxis]
        whole = np.zeros((descriptors.shape[1],) * 2, np.float32)
        whole[: len(scaled)] = scaled
        return cls(whole, mean.astype(np.float32))

    def drawn(self, random: np.random.Generator, count: int) -> FloatArray:
        """Directions from the mean, float32 (count, D)."""
        drawn = random.standard_normal((count, len(self.axes)), np.float32)
        return np.asarray(drawn * self.axes if self.axes.ndim == 1 else drawn @ self.axes)


def drives(look: Look, places: int, *, seed: int = 0) -> Iterator[FloatArray]:
    """Yield unit descriptors of drives, float32 (n, D) in chunks; together ``places`` rows."""
    random = np.random.default_rng(seed)
    turn = np.float32(np.sqrt(1.0 - STEP_COSINE**2))
    left = places
    while left > 0:
        count = min(CHUNK_PLACES, left)
        together = max(1, count // DRIVE_PLACES)
        steps = -(-count // together)
        walk = np.empty((together, steps, len(look.mean)), np.float32)
        walk[:, 0] = look.drawn(random, together)
        for step in range(1, steps):
            walk[:, step] = STEP_COSINE * walk[:, step - 1] + turn * look.drawn(random, together)
        yield unit(walk.reshape(-1, len(look.mean))[:count] + look.mean)
        left -= count


def seen_again(
    look: Look, rows: FloatArray, random: np.random.Generator
) -> FloatArray:
    """Other views of places, float32 (n, D); see the module's text."""
    shared = random.uniform(*SHARED_VIEW, (len(rows), 1)).astype(np.float32)
    away = rows - look.mean
    noise = look.drawn(random, len(rows))
    noise *= np.linalg.norm(away, axis=1, keepdims=True) / np.linalg.norm(
        noise, axis=1, keepdims=True)
    return unit(look.mean + shared * away + np.sqrt(1.0 - shared**2) * noise)


def unit(rows: FloatArray) -> FloatArray:
    """L2-normalised rows."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class Nearest:
    """The exact nearest place of each query, found while the places stream by.

    Args:
        queries: float16 (q, D), as the map takes them.
    """

    def __init__(self, queries: NDArray[np.float16]) -> None:
        self._queries = queries.astype(np.float32)
        self.best = np.full(len(queries), -2.0, np.float32)
        self.row = np.zeros(len(queries), np.int64)
        self._seen = 0

    def push(self, halves: NDArray[np.float16], mean: FloatArray) -> None:
        """Take in places, float16 (n, D), compared around the map's mean, float32 (D,)."""
        similarity = unit(self._queries - mean) @ unit(halves.astype(np.float32) - mean).T
        at = similarity.argmax(axis=1)
        best = similarity[np.arange(len(at)), at]
        better = best > self.best
        self.row[better] = at[better] + self._seen
        self.best = np.maximum(self.best, best)
        self._seen += len(halves)
