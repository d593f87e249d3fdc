# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses batches: places that the network confuses at present are put side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.data import FrameTable
from vpr_ros.types import FloatArray

SAME_FRAME_SHARE = 1 / 3
HARDEST = 30  # mined negatives are drawn from this many of the hardest
SINGLE_ENVIRONMENT_SHARE = 0.6


class DescriptorMemory:
    """The descriptor that every frame had when training last saw it: a cache that costs nothing.

    Attributes:
        descriptors: float32 (N, D).
        seen: bool (N,), which rows hold one.
    """

    def __init__(self, frames: int, dim: int) -> None:
        self.descriptors: FloatArray = np.zeros((frames, dim), np.float32)
        self.seen: NDArray[np.bool_] = np.zeros(frames, bool)

    def update(self, indices: NDArray[np.integer], descriptors: FloatArray) -> None:
        """Remember the descriptors (n, D) of frames."""
        self.descriptors[indices] = descriptors
        self.seen[indices] = True

    def hardest(self, index: int, candidates: NDArray[np.integer], count: int
                ) -> NDArray[np.integer]:
        """Return the seen candidates most similar to a frame, best first, at most ``count``."""
        known = candidates[self.seen[candidates]]
        if not self.seen[index] or not len(known):
            return known[:0]
        similarity = self.descriptors[known] @ self.descriptors[index]
        return known[np.argsort(-similarity, kind='stable')[:count]]


def choose_places(table: FrameTable, memory: DescriptorMemory, rng: np.random.Generator,
                  places: int, negatives: int) -> NDArray[np.integer]:
    """Frames to train on in one step: random seeds, each followed by mined hard negatives.

    More than half of the batches come from one environment, as a robot's map does, where places
    look alike; the others mix all sources.

    Args:
        table: all training frames.
        memory: their descriptors as far as known.
        rng: source of all choices.
        places: frames to choose.
        negatives: mined negatives a seed.

    Returns:
        int (places,), distinct unless the environment is smaller than the batch.
    """
    if rng.random() < SINGLE_ENVIRONMENT_SHARE:
        counts = np.bincount(table.environments)
        weight = np.sqrt(counts) / np.sqrt(counts).sum()
        pool = np.flatnonzero(table.environments == rng.choice(len(counts), p=weight))
    else:
        pool = np.arange(len(table))
    order = rng.permutation(pool)
    chosen: list[int] = []
    taken: set[int] = set()
    for seed in order:
        if len(chosen) >= places:
            break
        if int(seed) in taken:
            continue
        group = [int(seed)]
        if negatives:
            apart = pool[table.relation(np.array([seed]), pool)[0] == -1]
            hard = rng.permutation(memory.hardest(int(seed), apart, HARDEST))
            group += [int(index) for index in hard if int(index) not in taken][:negatives]
        chosen += group
        taken.update(group)
    while len(chosen) < places:
        chosen.append(int(rng.choice(pool)))
    return np.array(chosen[:places])


def choose_partners(table: FrameTable, anchors: NDArray[np.integer], rng: np.random.Generator
                    ) -> NDArray[np.integer]:
    """Choose a random positive of every anchor.

    In a third of the cases, and where it has no other, it is the anchor itself, seen otherwise:
    that pair has no change of place at all, which teaches to tell neighbouring places apart.
    """
    partners = []
    for anchor in anchors:
        positives = table.positives(int(anchor))
        itself = not len(positives) or rng.random() < SAME_FRAME_SHARE
        partners.append(int(anchor) if itself else int(rng.choice(positives)))
    return np.array(partners)
