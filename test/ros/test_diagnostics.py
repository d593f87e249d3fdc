# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node counts, and what its diagnostics say about it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from diagnostic_msgs.msg import DiagnosticStatus
import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy

from vpr_ros.ros.camera import mismatch
from vpr_ros.ros.diagnostics import Facts, statuses
from vpr_ros.ros.statistics import MAX_NAMED, Snapshot, Statistics
from vpr_ros.types import Reason, Recognition

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
GOOD = Facts('/anna/place_recognition', active=True, image_topic='/anna/image', publishers=1,
             places=5)
FLOWING = Snapshot(received=9, silence_s=0.1)


@pytest.mark.parametrize(('figures', 'facts', 'part', 'level', 'words'), [
    (FLOWING, GOOD, 'images', OK, 'OK'),
    (FLOWING, replace(GOOD, active=False), 'images', WARN, 'not active'),
    (Snapshot(), replace(GOOD, publishers=0), 'images', WARN, 'nobody publishes it'),
    (Snapshot(), GOOD, 'images', WARN, 'no image yet on /anna/image (1 publishers)'),
    (Snapshot(), replace(GOOD, mismatch='other type'), 'images', ERROR, 'image: other type'),
    (replace(FLOWING, silence_s=12.2), GOOD, 'images', WARN, 'no image for 12 s'),
    (replace(FLOWING, last_error='odd', errors_lately=2), GOOD, 'images', WARN, '2 images could '
     'not be taken: odd'),
    (replace(FLOWING, dropped_lately=2), replace(GOOD, lockstep=True), 'images', ERROR, 'lost'),
    (replace(FLOWING, dropped_lately=2), GOOD, 'images', OK, 'OK'),  # as it should be
    (FLOWING, GOOD, 'recognition', OK, 'OK'),
    (FLOWING, replace(GOOD, provider_warning='no GPU'), 'recognition', WARN, 'no GPU'),
    (FLOWING, replace(GOOD, patch_problem='no patches'), 'recognition', WARN, 'no patches'),
    (FLOWING, replace(GOOD, problem='internal error: x'), 'recognition', ERROR, 'internal error'),
    (FLOWING, GOOD, 'map', OK, 'OK'),
    (FLOWING, replace(GOOD, mode='localization', places=0), 'map', WARN, 'load_map'),
    (FLOWING, replace(GOOD, mode='mapping', places=0), 'map', OK, 'OK'),
])
def test_level_and_words(figures, facts, part, level, words) -> None:
    status = statuses(figures, facts)[part]
    assert status.level == level
    assert words in status.message


def test_statistics_count_what_happened() -> None:
    statistics = Statistics()
    for i in range(11):
        statistics.received(100.0 + i / 10, dropped=i % 2)
        latency = {'describe': float(i), 'total': 2.0 * i}
        recognition = Recognition(i, '', (), 0.0, Reason(i % 2), latency_ms=latency)
        statistics.recognized(recognition, 100.0 + i / 10, 5.0 if i else None)
    statistics.count('out_of_order')
    found = statistics.snapshot(101.0)
    assert (found.received, found.processed, found.dropped, found.out_of_order) == (11, 11, 5, 1)
    assert found.rate_hz == pytest.approx(11.0) and found.silence_s == pytest.approx(0.0)
    assert found.latency_ms['describe'] == pytest.approx((5.0, 9.9))
    assert found.latency_ms['total'] == pytest.approx((10.0, 19.8))
    assert found.age_ms == (5.0, 5.0)
    assert found.reasons == {'ACCEPTED': 6, 'BLANK_IMAGE': 5}
    assert found.last_reason is Reason.ACCEPTED
    assert found.dropped_lately == 5 and statistics.snapshot(101.0).dropped_lately == 0


def test_rates_fall_when_images_stop() -> None:
    statistics = Statistics()
    for i in range(20):
        statistics.received(i / 10)
    assert statistics.snapshot(2.0).rate_hz == pytest.approx(10.0)
    assert statistics.snapshot(60.0).rate_hz == 0.0
    assert statistics.snapshot(60.0).silence_s == pytest.approx(58.1)


def test_errors_are_named_once_and_bounded() -> None:
    statistics = Statistics()
    assert [statistics.failed('odd'), statistics.failed('odd')] == [True, False]
    for i in range(100):
        statistics.failed(f'error {i}')
    found = statistics.snapshot(0.0)
    assert len(found.errors) == MAX_NAMED + 1 and sum(found.errors.values()) == 102
    assert found.errors['odd'] == 2
    assert found.errors_lately == 102


def endpoint(topic_type: str, reliability: ReliabilityPolicy) -> SimpleNamespace:
    return SimpleNamespace(topic_type=topic_type,
                           qos_profile=QoSProfile(depth=1, reliability=reliability))


RAW = endpoint('sensor_msgs/msg/Image', ReliabilityPolicy.RELIABLE)
RAW_BEST_EFFORT = endpoint('sensor_msgs/msg/Image', ReliabilityPolicy.BEST_EFFORT)
JPEG = endpoint('sensor_msgs/msg/CompressedImage', ReliabilityPolicy.BEST_EFFORT)


@pytest.mark.parametrize(('publishers', 'transport', 'lockstep', 'words'), [
    ([], 'raw', True, ''),
    ([RAW], 'raw', True, ''),
    ([RAW_BEST_EFFORT], 'raw', False, ''),
    ([RAW_BEST_EFFORT], 'raw', True, 'reliable'),
    ([RAW_BEST_EFFORT, RAW], 'raw', True, ''),
    ([JPEG], 'raw', False, 'change image_transport'),
    ([JPEG, RAW_BEST_EFFORT], 'raw', False, ''),
    ([JPEG], 'compressed', False, ''),
    ([RAW], 'compressed', False, 'sensor_msgs/msg/CompressedImage is expected'),
])
def test_publishers_that_cannot_be_heard_are_noticed(publishers, transport, lockstep,
                                                     words) -> None:
    found = mismatch(publishers, transport, lockstep=lockstep)
    assert words in found and bool(words) == bool(found)
