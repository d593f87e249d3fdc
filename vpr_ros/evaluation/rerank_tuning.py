# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Grid search for the weights of the re-ranking (Patch-NetVLAD, section 4.1).

Every query is compared once with its best candidates at each patch size; the scores of all
weights follow from those (equation 5), so the grid costs next to nothing. The paper searches the
convex weights of the patch sizes; here the weight of the global similarity is searched with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
import itertools

import numpy as np
from numpy.typing import NDArray

from vpr_ros.assembly import model_identity
from vpr_ros.errors import ConfigError, DataError
from vpr_ros.evaluation.dataset import Dataset
from vpr_ros.evaluation.describing import Describer
from vpr_ros.model import Model, ModelCard
from vpr_ros.pipeline import Described, PlaceRecognizer
from vpr_ros.place_map import PlaceMap
from vpr_ros.rerank import Candidate, decode_patches, encode_patches, Reranker, RerankSettings
from vpr_ros.settings import Settings

SIMILARITY_WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 4.0)
CANDIDATES = 50
STEP = 0.1
Numbers = NDArray[np.floating]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ComparedQueries:
    """What one data set gives to the search.

    Attributes:
        name: of the data set.
        scores: float32 (Q, C, S), of each candidate at each patch size.
        similarity: float32 (Q, C), of the global descriptors; -inf where there is no candidate.
        right: bool (Q, C), which candidates show the query's place.
    """

    name: str
    scores: Numbers
    similarity: Numbers
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Tuning:
    """The best weights found, and what they are worth.

    Attributes:
        weights: patch size -> weight, convex.
        similarity_weight: of the global similarity.
        recall: data set -> {'similarity': R@1 without re-ranking, 'paper': with the paper's
            weights, 'tuned': with these}.
    """

    weights: dict[int, float]
    similarity_weight: float
    recall: dict[str, dict[str, float]]


def compare_queries(dataset: Dataset, model: Model, *, candidates: int = CANDIDATES,
                    progress: Progress | None = None) -> ComparedQueries:
    """Search each query's candidates and compare their patches at every size.

    Queries without a right answer teach nothing here and are left out.

    Raises:
        ConfigError: the model has no patches.
        DataError: no query has a right answer.
        ImageError: an image cannot be read.
    """
    sizes = _sizes(model.card)
    queries = [q for q in range(len(dataset.queries)) if len(dataset.positives[q])]
    if not queries:
        raise DataError(f'data set {dataset.name}: no query has a right answer in the database; '
                        f'weights cannot be chosen by it')
    reranker = Reranker(RerankSettings({size: 1 / len(sizes) for size in sizes}))
    describer, total = Describer(model, patches=True), len(dataset.database) + len(queries)
    encoded = []
    with PlaceMap.create(':memory:', model_identity(model)) as place_map:
        for done, image in enumerate(dataset.database):
            one = describer(image).descriptions[0]
            encoded.append(encode_patches(one.patches))
            place_map.add(one.global_descriptor, stamp_ns=image.stamp_ns)
            if progress is not None:
                progress(done + 1, total, 'describing the database')
        searcher = PlaceRecognizer(model, place_map, Settings(rerank='none'), mapping=False)
        shape = (len(queries), candidates)
        scores = np.zeros((*shape, len(sizes)), np.float32)
        similarity, right = np.full(shape, -np.inf, np.float32), np.zeros(shape, bool)
        for row, query in enumerate(queries):
            one = describer(dataset.queries[query]).descriptions[0]
            ignored = set(dataset.ignored[query].tolist())
            answer = searcher.rank(Described(one, 0.0), max_matches=candidates + len(ignored))
            found = [(match.place.place_id - 1, match.similarity) for match in answer.matches
                     if match.place.place_id - 1 not in ignored][:candidates]
            evidence = dict(reranker.rerank(one.patches, [
                Candidate(index, partial(decode_patches, encoded[index]))
                for index, _ in found]).ranked)
            for column, (index, value) in enumerate(found):
                similarity[row, column] = value
                right[row, column] = index in dataset.positives[query]
                at = evidence[index]
                if at is not None:
                    scores[row, column] = [at.scale_scores.get(size, 0.0) for size in sizes]
            if progress is not None:
                progress(len(dataset.database) + row + 1, total, 'comparing the queries')
    return ComparedQueries(dataset.name, scores, similarity, right)


def tune(compared: Sequence[ComparedQueries], card: ModelCard, *, step: float = STEP,
         paper: dict[int, float] | None = None) -> Tuning:
    """Choose the weights with the best mean reciprocal rank, averaged over the data sets.

    The mean reciprocal rank follows recall@1 closely and has fewer ties, so a few queries decide
    less. Among equals the weights nearest to even ones win, then the smaller similarity weight.

    Args:
        compared: from :func:`compare_queries`, one for each data set.
        card: of the model.
        step: of the weights, a fraction of 1.
        paper: weights to compare with.

    Raises:
        ConfigError: a step that does not divide 1.
    """
    sizes = _sizes(card)
    best: tuple[tuple[float, float, float], dict[int, float], float] | None = None
    for weights in convex_weights(len(sizes), step):
        for share in SIMILARITY_WEIGHTS:
            value = float(np.mean([reciprocal_rank(one, weights, share) for one in compared]))
            key = (round(value, 6), -float(np.abs(weights - weights.mean()).sum()), -share)
            if best is None or key > best[0]:
                best = key, dict(zip(sizes, weights.tolist(), strict=True)), share
    assert best is not None
    _, chosen, share = best
    reference = paper or dict.fromkeys(sizes, 1 / len(sizes))
    theirs = np.array([reference.get(size, 0.0) for size in sizes])
    ours = np.array([chosen[size] for size in sizes])
    recall = {one.name: {
        'similarity': recall_at_1(one, np.zeros(len(sizes)), 1.0),
        'paper': recall_at_1(one, theirs / theirs.sum(), 0.0),
        'tuned': recall_at_1(one, ours, share),
    } for one in compared}
    return Tuning({size: round(w, 6) for size, w in chosen.items()}, share, recall)


def convex_weights(count: int, step: float) -> Iterator[Numbers]:
    """All (count,) weights that are multiples of ``step`` and add up to 1.

    Raises:
        ConfigError: a step that does not divide 1.
    """
    parts = round(1 / step) if step > 0 else 0
    if parts < 1 or abs(parts * step - 1) > 1e-9:
        raise ConfigError(f'step {step:g} does not divide 1; take for example 0.1 or 0.05')
    for cut in itertools.combinations(range(parts + count - 1), count - 1):
        bars = (-1, *cut, parts + count - 1)
        yield np.array([b - a - 1 for a, b in itertools.pairwise(bars)]) / parts


def reciprocal_rank(compared: ComparedQueries, weights: Numbers, share: float) -> float:
    """Mean of 1 / rank of the first right candidate; 0 where none was among them."""
    ranks = _first_right(compared, weights, share)
    return float(np.where(np.isfinite(ranks), 1 / ranks, 0.0).mean())


def recall_at_1(compared: ComparedQueries, weights: Numbers, share: float) -> float:
    """Share of the queries whose first candidate is right."""
    return float((_first_right(compared, weights, share) == 1).mean())


def _first_right(compared: ComparedQueries, weights: Numbers, share: float) -> Numbers:
    """Rank from 1 of each query's first right candidate, infinite without one."""
    present = np.isfinite(compared.similarity)
    similarity = np.where(present, compared.similarity, 0.0)
    total = np.where(present, compared.scores @ weights + share * similarity, -np.inf)
    top = np.where(compared.right, total, -np.inf).max(1, keepdims=True)
    ranks = 1.0 + (total > top).sum(1)
    return np.where(compared.right.any(1), ranks, np.inf)


def _sizes(card: ModelCard) -> list[int]:
    if not card.patches:
        raise ConfigError(f'model {card.name!r} has no patch outputs, so there is no re-ranking '
                          f'to tune; export it with --patches')
    return sorted(card.patches)
