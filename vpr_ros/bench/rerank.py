# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The re-ranking rows of the benchmark: ours against the peers' form, interleaved in one run."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
import time
from typing import Any

import cv2
import numpy as np

from vpr_ros.bench import peers
from vpr_ros.bench.scenes import matched_points, query_and_candidates, STRIDE_PX
from vpr_ros.rerank.codes import decode, encode, PatchCodes
from vpr_ros.rerank.homography import homography_check
from vpr_ros.rerank.matching import joined, Matches
from vpr_ros.rerank.pairs import compare, PreparedQuery, Workspace
from vpr_ros.rerank.presets import PRESETS, RerankSettings
from vpr_ros.rerank.reranker import Candidate, Reranker
from vpr_ros.rerank.scoring import spatial_scores
from vpr_ros.types import PatchSet

Row = dict[str, Any]
GRID = (26, 36)  # patch size 5 on the features of 480x640 at stride 16: 936 patches
SIZE, DIM, CANDIDATES = 5, 128, 100
TOLERANCE_PX = 1.5 * STRIDE_PX
PLAIN = RerankSettings({SIZE: 1.0})  # full grid, rapid spatial score
SETTLE_LOOKS, SETTLE_LOOK_S = 500, 0.001  # short, so that caches stay as they are
SETTLED = 0.3  # of one core: below it no thread is busy


def interleaved_ms(ours: Callable[[], object], peer: Callable[[], object],
                   repeats: int) -> tuple[float, float]:
    """Median milliseconds of two functions, run in turn A B A B after one run of each.

    Neither runs beside what the other left behind: see :func:`settle`.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for repeat in range(repeats + 1):
        for function, kept in zip((ours, peer), times, strict=True):
            settle()
            start = time.perf_counter()
            function()
            if repeat:
                kept.append((time.perf_counter() - start) * 1e3)
    return median(times[0]), median(times[1])


def settle() -> None:
    """Wait until all threads of this process are at rest, half a second at most.

    After a product on several threads OpenBLAS keeps its threads busy for 2^28 cycles, a tenth
    of a second, in case another one follows. They would take a core from whatever runs next.
    """
    for _ in range(SETTLE_LOOKS):
        before = time.process_time()
        time.sleep(SETTLE_LOOK_S)
        if time.process_time() - before < SETTLED * SETTLE_LOOK_S:
            return


def row(name: str, ours_ms: float, peer_ms: float, equal: bool, tolerance: str) -> Row:
    """One row: times, their ratio, and whether the results agree within what tolerance."""
    return {'name': name, 'ours_ms': round(ours_ms, 3), 'peer_ms': round(peer_ms, 3),
            'ratio': round(peer_ms / ours_ms, 2), 'equal': bool(equal), 'tolerance': tolerance}


class Scene:
    """One query with its candidates, as the map holds them and as the peers' form takes them.

    The peers' form gets the same descriptors decoded to float32, free of charge.
    """

    def __init__(self, seed: int, candidates: int, grid: tuple[int, int], dim: int) -> None:
        rng = np.random.default_rng(seed)
        self.grid = grid
        self.query, self.codes = query_and_candidates(rng, candidates, grid, dim)
        self.decoded = [decode(codes).descriptors for codes in self.codes]
        self.unit_query = decode(encode(self.query)).descriptors

    @property
    def patches(self) -> dict[int, PatchSet]:
        """The query as the stage takes it."""
        return {SIZE: self.query}

    def candidates(self) -> list[Candidate]:
        """Return the candidates as the stage takes them."""
        def loader(codes: PatchCodes) -> Callable[[], dict[int, PatchCodes]]:
            return lambda: {SIZE: codes}

        return [Candidate(k, loader(codes)) for k, codes in enumerate(self.codes)]

    def matches(self) -> Matches:
        """Our matches of all candidates."""
        compared = compare(PreparedQuery(self.patches, PLAIN, 1),
                           [{SIZE: codes} for codes in self.codes], PLAIN, check=False,
                           workspace=Workspace())
        return joined(compared.matches[SIZE])

    def peer_scores(self) -> list[float]:
        """Return the peers' scores of all candidates."""
        return peers.match_and_score(self.unit_query, self.decoded, self.grid)


def rerank_rows(*, repeats: int = 5, candidates: int = CANDIDATES, grid: tuple[int, int] = GRID,
                dim: int = DIM, queries: int = 5) -> list[Row]:
    """Run all rows.

    Args:
        repeats: timed runs of each side; medians are reported.
        candidates, grid, dim: size of the problem.
        queries: scenes on which the coarse-to-fine ranking is compared with the full one.

    Returns:
        Rows ``{name, ours_ms, peer_ms, ratio, equal, tolerance}``; the storage row has
        ``ours_bytes`` and ``peer_bytes`` in place of the times.
    """
    scene = Scene(0, candidates, grid, dim)
    return [
        _full_grid(scene, repeats),
        _robot(scene, repeats, queries),
        _spatial(scene, repeats),
        _homography(repeats, candidates, grid),
        storage_row(),
    ]


def _full_grid(scene: Scene, repeats: int) -> Row:
    """Measure matching, score and evidence of all candidates on the full grid."""
    stage = Reranker(PLAIN)
    ours, peer = interleaved_ms(lambda: stage.rerank(scene.patches, scene.candidates()),
                                scene.peer_scores, repeats)
    stage.close()
    released = spatial_scores(scene.matches(), scene.grid, 'released').scores
    # the peers' root rounds away differences that decide a nearest neighbour now and then
    expected = np.array(scene.peer_scores())
    same = np.isclose(released, expected, rtol=1e-6)
    equal = same.mean() >= 0.95 and np.allclose(released, expected, rtol=1e-2)
    return row('rerank_full_grid', ours, peer, equal,
               f'{same.sum()} of {len(same)} scores to rtol 1e-6 (at least 95 %), all to 1e-2')


def _robot(scene: Scene, repeats: int, queries: int) -> Row:
    """Measure the robot preset, homography of its best included, against the peers' full grid."""
    robot = PRESETS['robot']
    stage = Reranker(RerankSettings({SIZE: 1.0}, dim=robot.dim, coarse_stride=robot.coarse_stride,
                                    fine=robot.fine, method=robot.method))
    ours, peer = interleaved_ms(lambda: stage.rerank(scene.patches, scene.candidates()),
                                scene.peer_scores, repeats)
    same = 0
    for seed in range(queries):
        other = Scene(seed, len(scene.codes), scene.grid, scene.unit_query.shape[1])
        best = stage.rerank(other.patches, other.candidates()).ranked[0][0]
        same += best == int(np.argmax(other.peer_scores()))
    stage.close()
    tolerance = f'same best place in {queries} queries'
    return row('rerank_robot', ours, peer, same == queries, tolerance)


def _spatial(scene: Scene, repeats: int) -> Row:
    """Rapid spatial scoring alone, from matches."""
    matches = scene.matches()
    pairs = [matches.of(k) for k in range(matches.count)]
    points = peers.grid_points(scene.grid)

    def ours() -> np.ndarray:
        return spatial_scores(matches, scene.grid, 'released').scores

    def peer() -> list[float]:
        return [peers.score_pair(pair, points) for pair in pairs]

    times = interleaved_ms(ours, peer, 10 * repeats)
    return row('spatial_score', *times, np.allclose(ours(), peer(), rtol=1e-9), 'rtol 1e-9')


def _homography(repeats: int, candidates: int, grid: tuple[int, int]) -> Row:
    """Measure the homography check alone, from matched points."""
    points = matched_points(np.random.default_rng(1), candidates, grid)
    patches = grid[0] * grid[1]

    def ours() -> list[int]:
        return [homography_check(query, reference, patches, tolerance_px=TOLERANCE_PX,
                                 method=PRESETS['robot'].method).inliers
                for query, reference in points]

    def peer() -> list[int]:
        return [peers.homography_inliers(q, r, TOLERANCE_PX) for q, r in points]

    cv2.setRNGSeed(0)
    times = interleaved_ms(ours, peer, max(1, repeats // 2))
    correlation = rank_correlation(np.array(ours()), np.array(peer()))
    return row('homography', *times, correlation >= 0.93, f'rank correlation {correlation:.3f}, '
               'at least 0.93')


def storage_row() -> Row:
    """Bytes of one place: three patch sizes at 480x640, our codes against float32 at 4096."""
    rng = np.random.default_rng(0)
    ours = peer = 0
    for grid in ((29, 39), (26, 36), (23, 33)):
        _, (codes,) = query_and_candidates(rng, 1, grid, DIM)
        ours += len(codes.to_bytes())
        peer += grid[0] * grid[1] * 4096 * 4
    return {'name': 'patch_storage', 'ours_bytes': ours, 'peer_bytes': peer,
            'ratio': round(peer / ours, 2), 'equal': True,
            'tolerance': 'half a code step at the same dimension'}


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's coefficient, ties at their mean rank."""
    def ranks(values: np.ndarray) -> np.ndarray:
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        ends = np.cumsum(counts)
        return ((ends - counts + ends - 1) / 2)[inverse]

    x, y = ranks(a), ranks(b)
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 1.0
