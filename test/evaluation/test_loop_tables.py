# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Loop closures by distance and heading against counting each row on its own."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np

from vpr_ros.assembly import open_recognizer
from vpr_ros.evaluation.ground_truth_files import ground_truth_of_poses
from vpr_ros.evaluation.loop_tables import DISTANCE_EDGES, LoopTable
from vpr_ros.evaluation.replay import replay
from vpr_ros.settings import Settings
from vpr_ros.types import Reason

EDGES = (0.0, 1.0, 5.0)
ROWS = st.lists(st.tuples(
    st.none() | st.sampled_from([0.0, 0.5, 1.0, 4.99, 5.0, 99.0]),
    st.sampled_from([Reason.ACCEPTED, Reason.AMBIGUOUS, Reason.LOW_SIMILARITY]),
    st.none() | st.booleans(), st.none() | st.booleans(),
))


@settings(deadline=None)
@given(ROWS)
def test_rows_are_those_of_a_loop(queries) -> None:
    table = LoopTable(EDGES)
    for value, reason, correct, revisit in queries:
        table.update(value, reason, correct=correct, revisit=revisit)
    expected = []
    for low, high in ((0.0, 1.0), (1.0, 5.0), (5.0, None)):
        inside = [q for q in queries if q[0] is not None and q[0] >= low
                  and (high is None or q[0] < high)]
        accepted = [q for q in inside if q[1] is Reason.ACCEPTED]
        missed = [q[1].name for q in inside if q[1] is not Reason.ACCEPTED and q[3]]
        row = {'from': low, 'to': high, 'revisits': sum(q[3] is True for q in inside),
               'true': sum(q[2] is True for q in accepted),
               'false': sum(q[2] is False for q in accepted), 'missed': len(missed)}
        if any(row[name] for name in ('revisits', 'true', 'false', 'missed')):
            row['recall'] = row['true'] / row['revisits'] if row['revisits'] else None
            row['missed_reasons'] = {name: missed.count(name) for name in set(missed)}
            expected.append(row)
    assert table.compute() == expected
    table.reset()
    assert table.compute() == []


def test_a_drive_adds_up_to_its_loop_closures(model) -> None:
    from evaluation.scenes import two_laps

    frames = two_laps()
    truth = ground_truth_of_poses([(f.stamp_ns, f.pose) for f in frames], radius_m=2.5)
    recognizer = open_recognizer(
        Settings(recent_distance_m=10.0, min_probability=0.5), model=model)
    figures = replay(frames, recognizer, truth).to_json()
    closures = figures['loop_closures']
    for name in ('by_distance', 'by_heading_change'):
        assert sum(row['revisits'] for row in figures[name]) == figures['queries']
        assert sum(row['true'] for row in figures[name]) == closures['true']
        assert sum(row['missed'] for row in figures[name]) == closures['missed']
    # the second lap passes over the very places of the first
    assert figures['by_distance'][0]['to'] == DISTANCE_EDGES[1]
    assert figures['localisation']['queries'] == figures['queries']
    within = figures['localisation']['within']
    assert within[0]['share'] <= within[2]['share'] == np.float64(closures['recall'])
