# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Spatial scores against loops over equation 4, their invariants, and the degenerate cases."""

from helpers import shared
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.errors import ConfigError
from vpr_ros.rerank.matching import Matches, mutual_matches
from vpr_ros.rerank.scoring import COLLINEAR, NO_MATCHES, spatial_scores, TOO_FEW


def one(query, reference):
    """Make the matches of one candidate."""
    query, reference = np.asarray(query, np.intp), np.asarray(reference, np.intp)
    return Matches(query, reference, np.zeros(len(query), np.intp), 1)


def many(pairs):
    """Make the matches of several candidates from lists of (query, reference)."""
    flat = [(c, q, r) for c, of in enumerate(pairs) for q, r in of]
    candidate, query, reference = np.array(flat, np.intp).reshape(-1, 3).T
    return Matches(query, reference, candidate, len(pairs))


def by_the_definition(pairs, grid, form):
    """Score one candidate, match by match, in Python numbers."""
    if not pairs:
        return 0.0
    rows, columns = grid
    total = 0.0
    for axis, extent in ((0, rows - 1), (1, columns - 1)):
        moved = [divmod(r, columns)[axis] - divmod(q, columns)[axis] for q, r in pairs]
        mean = sum(moved) / len(moved)
        for d in moved:
            if form == 'paper':
                total += (abs(max(moved)) - abs(d - mean)) ** 2
            elif form == 'released':
                total += (extent - abs(d - mean)) ** 2
            else:
                total += max(0.0, extent - abs(d - float(np.median(moved)))) ** 2
    if form == 'bounded':
        total /= (rows - 1) ** 2 + (columns - 1) ** 2
    return total / (rows * columns)


@st.composite
def grids_with_matches(draw, candidates=3):
    rows, columns = draw(st.integers(2, 7)), draw(st.integers(2, 9))
    n = rows * columns
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    sets = []
    for _ in range(candidates):
        count = int(rng.integers(0, n + 1))
        query = np.sort(rng.choice(n, count, replace=False))
        sets.append(list(zip(query.tolist(), rng.choice(n, count, False).tolist(), strict=True)))
    return (rows, columns), sets


@pytest.mark.parametrize('form', ['paper', 'released', 'bounded'])
@given(case=grids_with_matches())
@settings(max_examples=60, deadline=None)
def test_equals_the_definition(form, case):
    grid, pairs = case
    found = spatial_scores(many(pairs), grid, form)
    for score, reason, of in zip(found.scores, found.reasons, pairs, strict=True):
        expected = 0.0 if form == 'bounded' and reason else by_the_definition(of, grid, form)
        assert score == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(case=grids_with_matches())
@settings(max_examples=60, deadline=None)
def test_bounded_is_in_the_unit_interval_and_symmetric(case):
    grid, pairs = case
    forward = spatial_scores(many(pairs), grid)
    swapped = spatial_scores(many([[(r, q) for q, r in of] for of in pairs]), grid)
    assert ((forward.scores >= 0) & (forward.scores <= 1)).all()
    np.testing.assert_allclose(forward.scores, swapped.scores, rtol=1e-12)
    assert forward.reasons == swapped.reasons


@pytest.mark.parametrize('form', ['paper', 'released', 'bounded'])
@given(seed=st.integers(0, 10**6), row=st.integers(0, 3), column=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_shifting_both_images_alike_changes_nothing(form, seed, row, column):
    rng = np.random.default_rng(seed)
    rows, columns, part = 9, 10, 6
    n = int(rng.integers(3, part * part))
    query, reference = (
        np.stack(np.divmod(rng.choice(part * part, n, replace=False), part)) for _ in range(2)
    )

    def score(down, right):
        flat = [(y + down) * columns + x + right for y, x in (query, reference)]
        return spatial_scores(one(*flat), (rows, columns), form).scores[0]

    assert score(row, column) == pytest.approx(score(0, 0), rel=1e-12)


@given(rows=st.integers(2, 30), columns=st.integers(2, 40))
@settings(max_examples=40, deadline=None)
def test_identical_images_score_exactly_one(rows, columns):
    everything = np.arange(rows * columns)
    assert spatial_scores(one(everything, everything), (rows, columns)).scores[0] == 1.0


def test_a_shift_costs_only_the_patches_that_leave():
    rows, columns, shift = 10, 12, 3
    cells = np.arange(rows * columns).reshape(rows, columns)
    moved = one(cells[:, shift:].ravel(), cells[:, :-shift].ravel())
    assert spatial_scores(moved, (rows, columns)).scores[0] == (columns - shift) / columns


def test_scores_of_other_grids_mean_the_same():
    # the same share of the patches agrees; the released form differs a hundredfold
    def half(side):
        cells = np.arange(side * side).reshape(side, side)[: side // 2].ravel()
        return one(cells, cells), (side, side)

    bounded = [spatial_scores(*half(side)).scores[0] for side in (4, 40)]
    released = [spatial_scores(*half(side), 'released').scores[0] for side in (4, 40)]
    assert bounded == [0.5, 0.5]
    assert released[1] > 100 * released[0]


def test_outliers_do_not_drag_the_centre():
    side = 10
    cells = np.arange(side * side)
    wrong = cells.copy()
    wrong[:30] = np.roll(cells, 55)[:30]
    clean = 0.7
    assert spatial_scores(one(cells, wrong), (side, side)).scores[0] >= clean


@pytest.mark.parametrize(('query', 'reference', 'reason'), [
    ([], [], NO_MATCHES),
    ([7], [7], TOO_FEW),
    ([7, 12], [7, 12], TOO_FEW),
    ([0, 1, 2, 3], [0, 1, 2, 3], COLLINEAR),  # one row of the query
    ([0, 6, 12, 18], [1, 8, 3, 24], COLLINEAR),  # a diagonal of the query
    ([0, 7, 3, 22], [4, 9, 14, 19], COLLINEAR),  # one column of the reference
    ([0, 1, 2, 8], [0, 1, 2, 8], ''),
])
def test_degenerate_matches_score_zero_and_say_why(query, reference, reason):
    found = spatial_scores(one(query, reference), (5, 5))
    assert found.reasons == (reason,)
    assert (found.scores[0] == 0) == bool(reason)


def test_a_grid_of_one_row_can_still_score():
    assert spatial_scores(one([0, 1, 2, 3], [0, 1, 2, 3]), (1, 4)).scores[0] == 1.0


def test_the_paper_form_gives_nothing_for_a_perfect_unshifted_match():
    cells = np.arange(30)
    assert spatial_scores(one(cells, cells), (5, 6), 'paper').scores[0] == 0.0
    assert spatial_scores(one(cells, cells), (5, 6), 'released').scores[0] == 4**2 + 5**2


def test_an_unknown_form_is_refused():
    with pytest.raises(ConfigError, match=r"'best' is not one of bounded, released, paper"):
        spatial_scores(one([0], [0]), (1, 1), 'best')


@pytest.mark.shared
def test_equals_the_authors_scores():
    golden = np.load(shared('goldens', 'patchnetvlad_small.npz'))
    for column, size in enumerate((2, 5, 8)):
        maps = np.ascontiguousarray(golden[f'local_pca_p{size}'].transpose(0, 2, 1), np.float32)
        grid = (13 - size, 17 - size)
        released = spatial_scores(mutual_matches(maps[0], maps), grid, 'released').scores
        np.testing.assert_allclose(released, -golden['spatial_scores'][:, column], rtol=1e-4,
                                   atol=1e-5)
