# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A running node: its check-list is printed once, its time is that of /clock when told so."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from helpers import place_image
from ros.client import PATIENCE_S
from rosgraph_msgs.msg import Clock

from vpr_ros.ros import qos
from vpr_ros.ros.geometry import stamp_from_message, stamp_to_message

TITLE = 'start-up check-list'
IMAGES = '] images: 128x96 rgb8'


def test_the_list_is_printed_once(start: Any) -> None:
    with start(diagnostics_period_s=0.1) as client:
        diagnostics = client.collect(DiagnosticArray, '/diagnostics')
        client.wait_until_active()

        def look(first: int) -> tuple[int, int]:
            """Show twelve images, let the diagnostics speak twice, and count the lists."""
            for number in range(first, first + 12):
                client.ask(place_image(number))
            for _ in range(2):
                diagnostics.messages.clear()
                diagnostics.get(lambda m: any(
                    s.name.startswith(client.process.namespace) for s in m.status))
            return client.log().count(TITLE), client.log().count(IMAGES)

        before, with_images = look(0)
        # on a slow machine it may have complained before that no image comes
        assert with_images == 1 and before in (1, 2), client.log()
        assert look(12) == (before, 1)
        text = client.log()[client.log().rindex(TITLE):]
        for subject in ('publisher', 'type and QoS', 'rate', 'latency', 'camera_info', 'model',
                        'map'):
            assert f'] {subject}: ' in text, text


def test_simulated_time_is_the_nodes_time(start: Any) -> None:
    with start(use_sim_time=True, diagnostics_period_s=0.1) as client:
        diagnostics = client.collect(DiagnosticArray, '/diagnostics')
        client.wait_until_active()
        clock = client.node.create_publisher(Clock, '/clock', qos.RESULT)

        def stamped(now_ns: int) -> bool:
            return bool(diagnostics.find(
                lambda m: stamp_from_message(m.header.stamp) == now_ns, PATIENCE_S / 40))

        for seconds in (5_000, 5_001, 20):  # and back, as a bag that is played again
            now_ns = seconds * 10**9
            for _ in range(40):  # the clock is best effort
                clock.publish(Clock(clock=stamp_to_message(now_ns)))
                if stamped(now_ns):
                    break
            else:
                raise AssertionError(client.log())
        # the age of an image is judged by that clock: one of the same second is not foreign
        client.now_ns = 19 * 10**9
        for number in range(12):
            client.ask(place_image(number), after_s=0.05)
        assert diagnostics.get(lambda m: any(
            value.key == 'age_ms_p50' and value.value[0].isdigit()
            for status in m.status for value in status.values))
        assert 'not of this clock' not in client.log()
