# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Loop-closure counts against the definitions written out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from vpr_ros.evaluation.loop_metrics import LoopClosureCounts
from vpr_ros.types import Reason

MAYBE = st.none() | st.booleans()


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Reason)), MAYBE, MAYBE)))
def test_counts_are_those_of_the_definitions(queries) -> None:
    counts = LoopClosureCounts()
    for reason, correct, revisit in queries:
        counts.update(reason, correct=correct, revisit=revisit)
    result = counts.compute()
    accepted = [q for q in queries if q[0] is Reason.ACCEPTED]
    revisits = [q for q in queries if q[2] is True]
    true = sum(q[1] is True for q in accepted)
    false = sum(q[1] is False for q in accepted)
    missed = [q for q in revisits if q[0] is not Reason.ACCEPTED]
    assert (result['true'], result['false'], result['missed']) == (true, false, len(missed))
    assert result['unknown'] == len(accepted) - true - false
    assert result['revisits'] == len(revisits)
    assert result['precision'] == (true / (true + false) if true + false else None)
    assert result['recall'] == (true / len(revisits) if revisits else None)
    assert sum(result['reasons'].values()) == len(queries) == result['queries']
    assert sum(result['missed_reasons'].values()) == len(missed)


def test_a_false_match_on_a_revisit_lowers_precision_and_recall() -> None:
    counts = LoopClosureCounts()
    counts.update(Reason.ACCEPTED, correct=True, revisit=True)
    counts.update(Reason.ACCEPTED, correct=False, revisit=True)
    result = counts.compute()
    assert (result['precision'], result['recall'], result['missed']) == (0.5, 0.5, 0)


def test_reset_forgets() -> None:
    counts = LoopClosureCounts()
    counts.update(Reason.NO_MAP, correct=None, revisit=False)
    counts.reset()
    assert counts.compute()['queries'] == 0
