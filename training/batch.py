# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What one step trains with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from vpr_ros.types import FloatArray, ImageArray

# positions in a batch -> their images, uint8 (n, H, W, 3): a process makes only its own
MakeImages = Callable[[NDArray[np.integer]], ImageArray]


@dataclass(frozen=True)
class Batch:
    """A batch: which images, and how they are related.

    Attributes:
        size: number of images.
        images: makes some of them.
        indices: int (size,), which training image each is.
        relation: int8 (size, size), 1 positive, -1 negative, 0 unknown; None for tuples.
        negatives: of a tuple; images are then query, positive, negatives, query, ...
        labels: int64 (size,), map cells, where the loss is a classification.
    """

    size: int
    images: MakeImages
    indices: NDArray[np.integer]
    relation: Tensor | None = None
    negatives: int = 0
    labels: Tensor | None = None


class Batches(Protocol):
    """Makes the batches of a run; what it makes depends on (seed, step) and its state alone.

    Attributes:
        total: steps of the whole run.
        epoch_steps: steps from one validation to the next.
    """

    total: int
    epoch_steps: int

    def prepare(self, step: int) -> None:
        """Do what the step needs first, such as mining; called by all processes."""

    def make(self, step: int) -> Batch:
        """Make the batch of a step."""

    def independent(self, step: int) -> bool:
        """Whether the batch of a step can be made before the step before it is over."""

    def remember(self, batch: Batch, descriptors: FloatArray) -> None:
        """See the descriptors (size, D) that a batch had."""

    def state_dict(self) -> dict[str, Any]:
        """Return what an exact resumption needs."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the one that gave the state."""
