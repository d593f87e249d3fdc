# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The check-list of the start: when it is printed, and what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vpr_ros.doctor import Level
from vpr_ros.ros.check_list import CheckList, ENOUGH, findings, LONGEST_S, PATIENCE_S
from vpr_ros.ros.diagnostics import Facts
from vpr_ros.ros.statistics import Snapshot

GOOD = Facts('/place_recognition', active=True, image_topic='/image', publishers=1,
             publisher_names=('/camera',), image_format='640x480 rgb8', places=5, model='tiny',
             provider='CPU', map_path='a.vprmap', odometry="in frame 'odom'", camera='640x480')
FLOWING = Snapshot(received=20, processed=20, rate_hz=30.0, processed_hz=29.0,
                   latency_ms={'total': (12.0, 15.0)}, age_ms=(20.0, 30.0))
NOTHING = Snapshot()


def test_it_is_printed_once_when_enough_images_were_processed() -> None:
    checks = CheckList()
    assert checks.due(NOTHING, replace(GOOD, active=False), 0.0) == ''
    assert checks.due(NOTHING, GOOD, 1.0) == ''
    assert checks.due(Snapshot(received=ENOUGH, processed=ENOUGH - 1), GOOD, 2.0) == ''
    assert checks.due(FLOWING, GOOD, 3.0).startswith('start-up check-list\n')
    assert checks.due(FLOWING, GOOD, 100.0) == ''


def test_a_slow_camera_is_not_waited_for() -> None:
    checks, one = CheckList(), Snapshot(received=1, processed=1)
    assert checks.due(one, GOOD, 1.0) == ''
    assert checks.due(one, GOOD, 1.0 + LONGEST_S) != ''


def test_without_images_it_is_printed_for_that_and_once_more_when_they_come() -> None:
    checks, silent = CheckList(), replace(GOOD, publishers=0, publisher_names=())
    assert checks.due(NOTHING, silent, 0.0) == ''
    assert 'nobody publishes /image' in checks.due(NOTHING, silent, PATIENCE_S)
    assert checks.due(NOTHING, silent, 10 * PATIENCE_S) == ''
    assert '640x480 rgb8' in checks.due(FLOWING, GOOD, 11 * PATIENCE_S)


def test_a_good_start_has_no_warning() -> None:
    found = findings(FLOWING, GOOD)
    assert {f.level for f in found} == {Level.OK}
    assert [f.subject for f in found] == [
        'publisher', 'type and QoS', 'images', 'rate', 'latency', 'camera_info', 'odometry',
        'model', 'map']


@pytest.mark.parametrize(('figures', 'facts', 'subject', 'level', 'words'), [
    (NOTHING, replace(GOOD, publishers=0), 'publisher', Level.ERROR, 'nobody publishes'),
    (FLOWING, replace(GOOD, publishers=2, publisher_names=('/a', '/b')), 'publisher',
     Level.WARNING, '/a, /b'),
    (NOTHING, replace(GOOD, mismatch='other type'), 'type and QoS', Level.ERROR, 'other type'),
    (replace(FLOWING, processed=0, errors={'odd': 20}), GOOD, 'images', Level.ERROR, 'none of 20'),
    (replace(FLOWING, processed_hz=9.0), GOOD, 'rate', Level.WARNING, '9.0 Hz are processed'),
    (replace(FLOWING, age_ms=None), replace(GOOD, foreign_clock=True), 'latency', Level.WARNING,
     'not of this clock'),
    (replace(FLOWING, age_ms=(1500.0, 1600.0)), GOOD, 'latency', Level.WARNING, '1500.0 ms from'),
    (FLOWING, replace(GOOD, camera_mismatch='of another size'), 'camera_info', Level.WARNING,
     'another size'),
    (FLOWING, replace(GOOD, odometry='none received, so'), 'odometry', Level.WARNING, 'none'),
    (FLOWING, replace(GOOD, odometry='off'), 'odometry', Level.OK, 'not used'),
    (FLOWING, replace(GOOD, provider_warning='no GPU'), 'model', Level.WARNING, 'tiny on CPU'),
    (FLOWING, replace(GOOD, mode='localization', places=0), 'map', Level.WARNING, 'empty'),
    (FLOWING, replace(GOOD, patch_problem='no patches; add them'), 're-ranking', Level.WARNING,
     'no patches'),
    (FLOWING, replace(GOOD, namesakes=1), 'name', Level.ERROR, '1 more nodes'),
])
def test_what_it_says(figures, facts, subject, level, words) -> None:
    finding = next(f for f in findings(figures, facts) if f.subject == subject)
    assert finding.level is level
    assert words in finding.found
    assert finding.fix or level is Level.OK
