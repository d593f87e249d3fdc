# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What costs time and only a person looks at is made only while somebody does."""

from __future__ import annotations

import array
from collections.abc import Callable
import time
from typing import Any

from helpers import place_image
import pytest
import rclpy
from ros.client import PATIENCE_S, SECOND
from sensor_msgs.msg import CompressedImage

from vpr_ros.parameters import PARAMETERS
from vpr_ros.ros import outputs, qos
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.match_image import match_image
from vpr_ros.types import Frame


def wait(holds: Callable[[], bool]) -> None:
    """Wait until the middleware has told a publisher of its subscribers."""
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.02)  # rclpy has no event for it


def test_pictures_are_drawn_only_while_somebody_looks(
    domain: None, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []

    def draw(*parts: Any) -> array.array[int]:
        drawn.append(parts)
        return match_image(*parts)

    monkeypatch.setattr(outputs, 'match_image', draw)
    engine = Engine({**{parameter.name: parameter.default for parameter in PARAMETERS},
                     'model': model, 'provider': 'cpu', 'threads': 1})
    engine.open('first')
    frame = Frame(place_image(70), SECOND, 'camera')
    answer = engine.recognizer.process(frame)
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('outputs', context=context)
    try:
        made = outputs.Outputs(node, engine)
        publisher, = (p for p in node.publishers if p.topic_name == '/outputs/match_image')
        made.publish(frame, answer)
        assert not drawn
        looking = node.create_subscription(
            CompressedImage, publisher.topic_name, lambda _: None, qos.PICTURE)
        wait(lambda: publisher.get_subscription_count() == 1)
        made.publish(frame, answer)
        assert len(drawn) == 1
        node.destroy_subscription(looking)
        wait(lambda: publisher.get_subscription_count() == 0)
        made.publish(frame, answer)
        assert len(drawn) == 1
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)
        engine.close()
