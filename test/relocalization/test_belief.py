# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The belief against the forward algorithm written as matrices, and what holds for any input."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.relocalization.belief import (
    Belief,
    DISTANCE_ERROR,
    ENTER,
    LEAVE,
    Motion,
    PRIOR_ELSEWHERE,
    REACH,
    TIME_ERROR,
    TURN,
)
from vpr_ros.relocalization.tracks import Tracks
from vpr_ros.types import Place

SECOND = 1_000_000_000


def places_of(*sessions: list[float], odometry: bool = True) -> list[Place]:
    """One place for each position, in metres or seconds, of each session."""
    found: list[Place] = []
    for number, positions in enumerate(sessions):
        for position in positions:
            found.append(Place(
                len(found) + 1, number + 1, round(position * SECOND),
                travelled_m=position if odometry else None))
    return found


def explicit_transition(tracks: Tracks, motion: Motion) -> np.ndarray:
    """float64 (2n + 1, 2n + 1): row i is where state i goes; the last state is elsewhere.

    States 0 to n - 1 drive along, n to 2n - 1 against; one loop for each sum of the definition.
    """
    count = len(tracks)
    matrix = np.zeros((2 * count + 1, 2 * count + 1))
    for direction in (0, 1):
        for i in range(count):
            metres = bool(tracks.by_distance[i])
            step = (motion.metres or 0.0) if metres else motion.seconds
            error = DISTANCE_ERROR if metres else TIME_ERROR
            sigma = np.hypot(error * step, 0.5 * tracks.spacing[i])
            center = tracks.position[i] + (step if direction == 0 else -step)
            own = [j for j in range(count) if tracks.start[j] == tracks.start[i]]
            near = [j for j in own if abs(tracks.position[j] - center) <= REACH * sigma]
            if not near and tracks.position[own[0]] < center < tracks.position[own[-1]]:
                left = max(j for j in own if tracks.position[j] <= center)
                right = min(j for j in own if tracks.position[j] >= center)
                near = [left if center - tracks.position[left] <= tracks.position[right] - center
                        else right]
                weights = {near[0]: 1.0}
            else:
                weights = {j: float(np.exp(-0.5 * ((tracks.position[j] - center) / sigma) ** 2))
                           for j in near}
            total = sum(weights.values())
            length = motion.seconds if motion.metres is None else motion.metres
            stay = np.exp(-LEAVE * abs(length))
            if not near:
                matrix[direction * count + i, -1] = 1.0
                continue
            matrix[direction * count + i, -1] = 1.0 - stay
            for j, weight in weights.items():
                share = weight / total * stay
                matrix[direction * count + i, direction * count + j] += (1.0 - TURN) * share
                matrix[direction * count + i, (1 - direction) * count + j] += TURN * share
    matrix[-1, : 2 * count] = ENTER / (2 * count)
    matrix[-1, -1] = 1.0 - ENTER
    return matrix


POSITIONS = st.lists(
    st.integers(0, 400), min_size=1, max_size=12, unique=True,
).map(lambda values: [value / 2.0 for value in sorted(values)])
# never the same distance to two places: which one is nearer would be a matter of rounding
STEPS = st.lists(
    st.tuples(st.integers(0, 160).map(lambda quarters: quarters / 4 + 1 / 16),
              st.integers(0, 80).map(lambda quarters: quarters / 4 + 3 / 16)),
    min_size=1, max_size=5)


@settings(deadline=None, max_examples=60)
@given(sessions=st.lists(POSITIONS, min_size=1, max_size=3), steps=STEPS, data=st.data(),
       odometry=st.booleans())
def test_the_belief_is_the_forward_algorithm(
    sessions: list[list[float]], steps: list[tuple[float, float]], data: st.DataObject,
    odometry: bool,
) -> None:
    tracks = Tracks(places_of(*sessions, odometry=odometry), odometry=odometry)
    belief, count = Belief(tracks), len(tracks)
    state = np.append(np.full(2 * count, (1 - PRIOR_ELSEWHERE) / (2 * count)), PRIOR_ELSEWHERE)
    for metres, seconds in steps:
        motion = Motion(metres if odometry else None, seconds)
        log_odds = np.array(data.draw(
            st.lists(st.floats(-8.0, 8.0), min_size=count, max_size=count)))
        belief.move(motion)
        belief.weigh(log_odds)
        state = state @ explicit_transition(tracks, motion)
        state *= np.append(np.exp(np.tile(log_odds, 2)), 1.0)
        state /= state.sum()
        np.testing.assert_allclose(belief.places.ravel(), state[:-1], rtol=1e-9, atol=1e-15)
        assert belief.elsewhere == pytest.approx(state[-1], rel=1e-9)


@settings(deadline=None, max_examples=60)
@given(sessions=st.lists(POSITIONS, min_size=1, max_size=3), steps=STEPS,
       log_odds=st.floats(-700.0, 700.0))
def test_probabilities_sum_to_one_and_none_is_negative(
    sessions: list[list[float]], steps: list[tuple[float, float]], log_odds: float
) -> None:
    belief = Belief(Tracks(places_of(*sessions)))
    for metres, seconds in steps:
        belief.move(Motion(metres, seconds))
        belief.weigh(np.full(len(belief.tracks), log_odds))
        assert belief.places.sum() + belief.elsewhere == pytest.approx(1.0)
        assert (belief.places >= 0.0).all() and belief.elsewhere >= 0.0


@settings(deadline=None, max_examples=40)
@given(positions=POSITIONS, data=st.data())
def test_the_order_in_which_places_are_given_changes_nothing(
    positions: list[float], data: st.DataObject
) -> None:
    places = places_of(positions)
    shuffled = data.draw(st.permutations(places))
    log_odds = np.array(data.draw(st.lists(
        st.floats(-5.0, 5.0), min_size=len(places), max_size=len(places))))
    beliefs = []
    for given_places in (places, shuffled):
        belief = Belief(Tracks(given_places))
        rows = [belief.tracks.row(place.place_id) for place in places]
        belief.weigh(log_odds[np.argsort(rows)])
        belief.move(Motion(2.0, 1.0))
        beliefs.append(belief.places[:, rows])
    np.testing.assert_allclose(beliefs[0], beliefs[1], rtol=1e-12)


def test_motion_along_the_drive_tells_two_places_that_look_alike_apart() -> None:
    tracks = Tracks(places_of([float(metre) for metre in range(0, 100, 2)]))
    belief, alike = Belief(tracks), np.full(50, -3.0)
    alike[[10, 30]] = 3.0  # metre 20 and metre 60
    belief.weigh(alike)
    both = belief.places.sum(axis=0)
    assert both[10] == pytest.approx(both[30]) and both[10] < 0.5
    belief.move(Motion(4.0, 1.0))
    next_view = np.full(50, -3.0)
    next_view[12] = 3.0  # metre 24 looks right, metre 64 does not
    belief.weigh(next_view)
    both = belief.places.sum(axis=0)
    assert both.argmax() == 12 and both[12] > 10 * both[32]
    assert belief.places[0, 12] > 10 * belief.places[1, 12]  # along the drive, not against it


def test_a_map_without_places_leaves_the_robot_elsewhere() -> None:
    belief = Belief(Tracks([]))
    belief.move(Motion(5.0, 1.0))
    belief.weigh(np.zeros(0))
    assert belief.elsewhere == 1.0
