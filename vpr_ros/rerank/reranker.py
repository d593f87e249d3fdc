# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The re-ranking stage: candidates in, the same candidates with evidence in a better order out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
import math
import os

from vpr_ros.errors import ConfigError
from vpr_ros.rerank import blas
from vpr_ros.rerank.pairs import compare, Compared, evidence, PreparedQuery, Workspace
from vpr_ros.rerank.presets import preset, RerankSettings
from vpr_ros.rerank.scales import Patches
from vpr_ros.types import PatchSet, SpatialEvidence

CANDIDATES_PER_BLOCK = 16  # for each thread; few, so that the time left is looked at often enough
SMALL_BLOCK = 1 << 18  # similarities below which a second thread costs more than it gives
COST_MARGIN = 1.2  # the next candidates may take this much longer than the dearest so far
COST_DECAY = 0.9  # how fast one slow moment is forgotten
DELAY_DECAY = 0.97  # the same for delays, by recognition: they come seldom
MOST_CAUTION = 0.5  # of the time left: kept free at most for delays like the last ones


@dataclass(frozen=True)
class Candidate:
    """A place to compare with the query.

    Attributes:
        place_id: of the map.
        load: reads its patches, patch size -> codes or descriptors; empty when it has none.
        similarity: of the global descriptors, for settings that weigh it in.
    """

    place_id: int
    load: Callable[[], Mapping[int, Patches]]
    similarity: float = 0.0


@dataclass(frozen=True)
class Reranked:
    """What re-ranking found.

    Attributes:
        ranked: (place id, evidence), best first. Candidates that were compared on the full grid
            come first, then those compared coarsely, then those not compared (evidence None), in
            the order in which they came.
        shed: how many were not compared because the time was up.
        full_grid_shed: how many kept their coarse score because the time was up.
    """

    ranked: list[tuple[int, SpatialEvidence | None]]
    shed: int = 0
    full_grid_shed: int = 0


class Reranker:
    """Compares a query with candidates within the time that is left.

    Its only state is what a candidate has cost so far, see :meth:`reset`.

    Args:
        settings: a preset's name or settings.
        workers: threads over candidates; 0 takes the cores (at most 4) where the matrix products
            can be kept on the calling thread, else 1.

    Raises:
        ConfigError: no such preset, or ``none``, which has nothing to rank.
    """

    def __init__(self, settings: RerankSettings | str, *, workers: int = 0) -> None:
        chosen = preset(settings) if isinstance(settings, str) else settings
        if chosen is None:
            raise ConfigError("the preset 'none' re-ranks nothing; leave the stage out instead")
        self.settings = chosen
        self.workers = workers if workers > 0 else _default_workers()
        self._pool = ThreadPoolExecutor(self.workers - 1) if self.workers > 1 else None
        self._workspaces = [Workspace() for _ in range(self.workers)]
        self.reset()

    def reset(self) -> None:
        """Forget what candidates have cost; the next deadline starts with one candidate."""
        self._delay_s = 0.0  # the longest that candidates took beyond what they cost, lately
        self._cost_s = {'coarse': 0.0, 'full': 0.0}
        self._scoring_s = {'coarse': 0.0, 'full': 0.0}

    def close(self) -> None:
        """End the worker threads; later calls do all work on the calling thread."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def rerank(self, query: Mapping[int, PatchSet], candidates: Iterable[Candidate], *,
               remaining_s: Callable[[], float] | None = None) -> Reranked:
        """Order candidates by how well their patches agree with the query's.

        Args:
            query: patch size -> patches of the query.
            candidates: the likeliest first; the last are shed first.
            remaining_s: seconds left, asked between candidates; None or infinity is no deadline.

        Raises:
            MapError: patches are damaged or of another model.
        """
        pending, settings = [_kept(one) for one in candidates], self.settings
        left = _until(remaining_s)
        self._delay_s *= DELAY_DECAY
        coarse = settings.coarse and len(pending) > settings.fine
        found: list[SpatialEvidence | None]
        found, shed = self._score(query, pending, coarse=coarse, remaining_s=left)
        prior = [settings.similarity_weight * one.similarity for one in pending]
        order = sorted(range(len(pending)), key=lambda i: _rank(found[i], prior[i]))
        full_grid_shed = 0
        if coarse:
            best = [i for i in order[: settings.fine] if found[i] is not None]
            again, full_grid_shed = self._score(
                query, [pending[i] for i in best], coarse=False, remaining_s=left
            )
            full = {i: one for i, one in zip(best, again, strict=True) if one}
            found = [full.get(i, one) for i, one in enumerate(found)]
            order = sorted(order, key=lambda i: (i not in full, _rank(found[i], prior[i])))
        ranked = [(pending[i].place_id, found[i]) for i in order]
        return Reranked(ranked, shed, full_grid_shed)

    def _score(
        self, query: Mapping[int, PatchSet], candidates: Sequence[Candidate], *, coarse: bool,
        remaining_s: Callable[[], float],
    ) -> tuple[list[SpatialEvidence | None], int]:
        """Evidence for each candidate in turn until the time is up; and how many were shed."""
        if not remaining_s() > 0:
            return [None] * len(candidates), len(candidates)
        stride = self.settings.coarse_stride if coarse else 1
        prepared = PreparedQuery(query, self.settings, stride)
        check = bool(self.settings.method) and not coarse
        per_candidate = prepared.similarities_per_candidate
        block = CANDIDATES_PER_BLOCK
        threads = self.workers if self._pool and block * per_candidate > SMALL_BLOCK else 1
        phase = 'coarse' if coarse else 'full'
        compared, usable, done = Compared.nothing(self.settings), [], 0
        with blas.single_threaded():
            while done < len(candidates):
                before = remaining_s()
                free = before - self._scoring_s[phase]
                free -= min(self._delay_s, MOST_CAUTION * max(free, 0.0))
                wave = self._affordable(phase, free, block * threads)
                if wave == 0:
                    break
                batch = candidates[done:done + wave]
                patches = [candidate.load() for candidate in batch]
                has = [i for i, sets in enumerate(patches) if sets.keys() >= set(prepared.scales)]
                self._compare(prepared, [patches[i] for i in has], compared, check, threads)
                usable += [done + i for i in has]
                done += len(batch)
                self._learn_cost(phase, before - remaining_s(), len(batch))
        found: list[SpatialEvidence | None] = [None] * len(candidates)
        before = remaining_s()
        for i, one in zip(usable, evidence(prepared, compared, self.settings), strict=True):
            found[i] = one
        _learn(self._scoring_s, phase, before - remaining_s())
        return found, len(candidates) - done

    def _learn_cost(self, phase: str, taken_s: float, candidates: int) -> None:
        expected_s = COST_MARGIN * self._cost_s[phase] * candidates
        if expected_s > 0 and math.isfinite(taken_s):
            self._delay_s = max(self._delay_s, taken_s - expected_s)
        _learn(self._cost_s, phase, taken_s / candidates)

    def _affordable(self, phase: str, left_s: float, most: int) -> int:
        """How many candidates to take next of those that fit into the time that is left."""
        if math.isinf(left_s) and left_s > 0:
            return most
        if not left_s > 0:
            return 0
        cost = self._cost_s[phase]
        fits = int(left_s / (cost * COST_MARGIN)) if cost > 0 else 1
        return min(most, (fits + 1) // 2)  # half of them, then look at the clock again

    def _compare(self, query: PreparedQuery, patches: Sequence[Mapping[int, Patches]],
                 compared: Compared, check: bool, threads: int) -> None:
        """Compare candidates, a share on each thread, and append what is found."""
        step = max(1, -(-len(patches) // threads))
        shares = [patches[i:i + step] for i in range(0, len(patches), step)]
        work = partial(compare, query, settings=self.settings, check=check)
        if self._pool is None or len(shares) < 2:
            done = [work(share, workspace=self._workspaces[0]) for share in shares]
        else:
            futures = [
                self._pool.submit(work, share, workspace=workspace)
                for share, workspace in zip(shares[1:], self._workspaces[1:], strict=False)
            ]
            try:
                done = [work(shares[0], workspace=self._workspaces[0])]
            finally:
                wait(futures)  # also those beside one that failed: they use this object's buffers
            done += [future.result() for future in futures]
        for block in done:
            compared.add(block)


class _Kept:
    """A candidate's patches, read once though the fine pass asks for them again."""

    def __init__(self, load: Callable[[], Mapping[int, Patches]]) -> None:
        self._load = load
        self._found: Mapping[int, Patches] | None = None

    def __call__(self) -> Mapping[int, Patches]:
        if self._found is None:
            self._found = self._load()
        return self._found


def _kept(candidate: Candidate) -> Candidate:
    return Candidate(candidate.place_id, _Kept(candidate.load), candidate.similarity)


def _learn(costs_s: dict[str, float], phase: str, cost_s: float) -> None:
    """Remember the dearest, and forget it slowly."""
    if math.isfinite(cost_s) and cost_s > 0:
        costs_s[phase] = max(cost_s, COST_DECAY * costs_s[phase])


def _until(remaining_s: Callable[[], float] | None) -> Callable[[], float]:
    return remaining_s if remaining_s is not None else lambda: math.inf


def _rank(evidence: SpatialEvidence | None, prior: float) -> tuple[bool, float]:
    """Sort key: compared before not compared, then the higher score; ties keep their order."""
    return evidence is None, -(evidence.score + prior) if evidence is not None else 0.0


def _default_workers() -> int:
    if not blas.can_limit():
        return 1
    affinity = getattr(os, 'sched_getaffinity', None)
    cores = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    return min(cores, 4)
