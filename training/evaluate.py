# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recall@N of global descriptors, raw and centred on the map's own mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import torch

from training.data import EvaluationSet
from training.images import batches
from training.model import PlaceNetwork
from training.onnx_session import open_session
from vpr_ros.types import FloatArray

RECALL_AT = (1, 5, 10)

# uint8 (n, H, W, 3) RGB -> float32 (n, D)
Describe = Callable[[NDArray[np.uint8]], FloatArray]
Recalls = dict[str, float]


def centre(descriptors: FloatArray, mean: FloatArray) -> FloatArray:
    """Subtract the map's mean and L2-normalise again: (n, D)."""
    moved = descriptors - mean
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)


def recalls(database: FloatArray, queries: FloatArray, correct: Sequence[NDArray[np.integer]],
            ignored: Sequence[NDArray[np.integer]], at: Sequence[int] = RECALL_AT) -> Recalls:
    """Share of queries with a right answer among the first N, ignored ones skipped.

    Args:
        database: (n, D), L2-normalised.
        queries: (m, D), L2-normalised.
        correct: per query the right database indices; none: the query counts as missed.
        ignored: per query the database indices that are left out of its list.
        at: the values of N.
    """
    similarity = queries @ database.T
    first = np.full(len(queries), np.inf)
    for row, (right, skipped) in enumerate(zip(correct, ignored, strict=True)):
        scores = similarity[row].copy()
        scores[skipped] = -np.inf
        if len(right):
            first[row] = np.count_nonzero(scores > scores[right].max())
    return {str(n): float((first < n).mean()) for n in at}


def evaluate(describe: Describe, dataset: EvaluationSet, height: int, width: int
             ) -> dict[str, Recalls]:
    """Recalls of one set: ``raw`` and ``centred``."""

    def describe_all(paths: Sequence[Path]) -> FloatArray:
        return np.concatenate([describe(images) for images in batches(paths, height, width)])

    database, queries = describe_all(dataset.database), describe_all(dataset.queries)
    mean = database.mean(0)
    return {
        'raw': recalls(database, queries, dataset.correct, dataset.ignored),
        'centred': recalls(centre(database, mean), centre(queries, mean), dataset.correct,
                           dataset.ignored),
    }


def torch_describer(network: PlaceNetwork, *, bfloat16: bool = False) -> Describe:
    """Describe with the torch network."""

    @torch.no_grad()
    def describe(images: NDArray[np.uint8]) -> FloatArray:
        with torch.autocast('cpu', torch.bfloat16, enabled=bfloat16):
            return network(torch.from_numpy(images)).numpy()

    return describe


def onnx_describer(path: Path, threads: int = 1) -> Describe:
    """Describe with an exported model, image by image, as the robot does."""
    session = open_session(path, threads)

    def describe(images: NDArray[np.uint8]) -> FloatArray:
        return np.concatenate([
            session.run(['global'], {'image': image[None]})[0] for image in images
        ])

    return describe


def format_recalls(name: str, found: dict[str, Recalls]) -> str:
    """One line: name, then recall@1/5/10 raw and centred."""
    parts = [
        f'{kind} ' + '/'.join(f'{found[kind][str(n)]:.3f}' for n in RECALL_AT)
        for kind in ('raw', 'centred')
    ]
    return f'{name:44s} ' + '   '.join(parts)
