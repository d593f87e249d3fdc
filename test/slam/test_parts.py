# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps, being lost, the spread of matches, descriptors: each by itself."""

from __future__ import annotations

import ast
import math

from helpers import ROOT
from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest
from slam.receivers import Receiver

from vpr_ros.slam.closure import NotPassedOn
from vpr_ros.slam.initial_pose import estimate, PLACE_STD_M, PLACE_STD_RAD
from vpr_ros.slam.messages import information
from vpr_ros.slam.relocalisation import Relocalisation, Whereabouts
from vpr_ros.slam.rtabmap import global_descriptor
from vpr_ros.slam.stamps import StampIndex
from vpr_ros.slam.system import Setup
from vpr_ros.slam.systems import SYSTEMS
from vpr_ros.types import Match, Place, Pose, Reason, Recognition


@given(st.lists(st.integers(0, 1000), unique=True), st.integers(0, 1000), st.integers(0, 300))
def test_the_nearest_stamp(stamps: list[int], asked: int, within: int) -> None:
    index = StampIndex()
    for stamp in stamps:
        index.add(stamp, stamp + 5000)
    found = index.nearest(asked, within_ns=within)
    best = min((abs(stamp - asked) for stamp in stamps), default=None)
    if best is None or best > within:
        assert found is None
    else:
        assert found is not None and abs(found - 5000 - asked) == best
    assert index.newest_ns == (max(stamps) if stamps else None)


def recognition(x_m: float, driven_m: float | None, *, accepted: bool = True,
                others: tuple[Pose, ...] = (), probability: float = 0.9,
                stamp_s: float = 0.0) -> Recognition:
    poses = (Pose((x_m, 0.0, 0.0), frame_id='map'), *others)
    matches = tuple(Match(Place(number + 1, 1, 0, pose=pose), 0.9)
                    for number, pose in enumerate(poses))
    return Recognition(int(stamp_s * 1e9), 'camera', matches, probability,
                       Reason.ACCEPTED if accepted else Reason.LOW_SIMILARITY,
                       travelled_m=driven_m)


def test_initialpose_waits_until_the_robot_is_found_and_both_agree() -> None:
    system = Relocalisation(Receiver().make, Setup())
    here = Pose((4.0, 0.0, 0.0), frame_id='map')

    def moment(second: int, x_m: float, *, lost: bool, accepted: bool = True) -> int:
        """Count what was said of one image, whichever message comes first."""
        both = [
            lambda: system.recognised(
                recognition(x_m, None, accepted=accepted, stamp_s=float(second))),
            lambda: system.localised(Whereabouts(second * 10**9, lost, here, 1.0))]
        return sum(len(take()) for take in (both if second % 2 else both[::-1]))

    assert system.lost
    assert moment(1, 4.0, lost=True) == 0 and system.lost
    assert moment(2, 4.0, lost=False, accepted=False) == 0  # found, but this image shows nothing
    assert moment(3, 60.0, lost=False) == 0  # a match that the belief contradicts
    assert moment(4, 5.0, lost=False) == 1 and not system.lost
    assert moment(5, 5.0, lost=False) == moment(6, 5.0, lost=False) == 0  # once
    assert moment(7, 5.0, lost=True) == 0 and system.lost
    assert moment(8, 5.0, lost=False) == 1  # once each time
    system.say_again()
    assert moment(9, 5.0, lost=False) == 1
    assert not system.take_problems()


def test_covariance_is_the_spread_of_the_matches() -> None:
    turned = Pose((3.0, 4.0, 0.0), (0.0, 0.0, math.sin(0.2), math.cos(0.2)), 'map')
    found = estimate(recognition(0, 0, others=(turned, Pose((1, 0, 0), frame_id='map')),
                                 probability=0.8))
    assert found is not None
    pose, covariance = found
    assert pose.position_m == (0, 0, 0)
    assert covariance[0, 0] == pytest.approx(0.1 * 9 + 0.1 * 1 + PLACE_STD_M**2)
    assert covariance[0, 1] == pytest.approx(0.1 * 12)
    assert covariance[1, 1] == pytest.approx(0.1 * 16 + PLACE_STD_M**2)
    assert covariance[5, 5] == pytest.approx(0.1 * 0.4**2 + PLACE_STD_RAD**2)
    assert estimate(Recognition(0, '', (), 0.0, Reason.NO_MAP)) is None
    sure = estimate(recognition(0, 0, others=(turned,), probability=1.0))
    assert sure is not None
    assert sure[1][0, 0] == pytest.approx(PLACE_STD_M**2)


def test_what_cannot_be_passed_on() -> None:
    with pytest.raises(NotPassedOn, match='without an inverse'):
        information(np.zeros((6, 6)))
    make = Receiver().make
    for wrong in (np.zeros(5), np.ones(10_000), np.zeros(0)):
        with pytest.raises(NotPassedOn, match='RTAB-Map reads'):
            global_descriptor(make, 0, '', wrong)
    setup = Setup(robot='a', robots={'a': 1})
    assert setup.number('') == setup.number('a') == 1
    with pytest.raises(NotPassedOn, match='b:NUMBER'):
        setup.number('b')
    assert Setup().number('') == 0


def test_the_launch_argument_offers_every_system() -> None:
    tree = ast.parse((ROOT / 'launch' / 'place_recognition.launch.py').read_text())
    table = next(node.value for node in tree.body if isinstance(node, ast.Assign)
                 and ast.unparse(node.targets[0]) == 'ARGUMENTS')
    assert isinstance(table, ast.Dict)
    [choices] = [value.elts[2] for key, value in zip(table.keys, table.values, strict=True)
                 if isinstance(key, ast.Constant) and key.value == 'slam'
                 and isinstance(value, ast.Tuple)]
    assert ast.literal_eval(choices) == ['', *SYSTEMS]
    index = (ROOT / 'docs' / 'slam' / 'index.md').read_text()
    assert all(f'`{name}`' in index for name in SYSTEMS)
