# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The built interfaces travel: a topic, a service and an action over the real middleware."""

from __future__ import annotations

from collections.abc import Iterator
import math
import time

import pytest

rclpy = pytest.importorskip('rclpy')
pytest.importorskip('vpr_msgs')

from rclpy.action import ActionClient, ActionServer  # noqa: E402
from rclpy.context import Context  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from rclpy.task import Future  # noqa: E402

from vpr_msgs.action import MapBuilding  # noqa: E402
from vpr_msgs.msg import PlaceMatch, Recognition  # noqa: E402
from vpr_msgs.srv import Recognize  # noqa: E402

pytestmark = pytest.mark.ros
DOMAIN = 187
PATIENCE_S = 30.0


class Peer:
    """A node in a context and a domain of its own."""

    def __init__(self) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=DOMAIN)
        self.node = rclpy.create_node('peer', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)

    def wait(self, future: Future) -> object:
        """Return the result of a future, which must come."""
        self.executor.spin_until_future_complete(future, timeout_sec=PATIENCE_S)
        assert future.done()
        return future.result()


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    made = Peer()
    yield made
    made.executor.shutdown()
    made.node.destroy_node()
    rclpy.shutdown(context=made.context)


def test_a_recognition_arrives_as_it_was_sent(peer: Peer) -> None:
    sent = Recognition(
        reason=Recognition.DEADLINE,
        reason_text='µ',
        query_id=2**64 - 1,
        stage_names=['describe', 'total'],
        stage_ms=[1.5, 2.5],
        matches=[
            PlaceMatch(
                place_id=7, patch_sizes=[2, 5], patch_scores=[0.25, 0.5], spatial_score=math.nan
            )
        ],
    )
    arrived: Future = Future(executor=peer.executor)
    peer.node.create_subscription(Recognition, 'recognition', arrived.set_result, 1)
    publisher = peer.node.create_publisher(Recognition, 'recognition', 1)
    deadline = time.monotonic() + PATIENCE_S
    while not publisher.get_subscription_count() and time.monotonic() < deadline:
        peer.executor.spin_once(timeout_sec=0.05)
    publisher.publish(sent)
    received = peer.wait(arrived)
    assert math.isnan(received.matches[0].spatial_score)  # and NaN is not equal to itself
    received.matches[0].spatial_score = sent.matches[0].spatial_score = 0.0
    assert received == sent


def test_a_service_answers(peer: Peer) -> None:
    def answer(request: Recognize.Request, response: Recognize.Response) -> Recognize.Response:
        response.success = request.compressed and request.max_matches == 3
        response.recognition.reason = Recognition.NO_MAP
        return response

    peer.node.create_service(Recognize, 'recognize', answer)
    client = peer.node.create_client(Recognize, 'recognize')
    assert client.wait_for_service(timeout_sec=PATIENCE_S)
    response = peer.wait(client.call_async(Recognize.Request(compressed=True, max_matches=3)))
    assert response.success
    assert response.recognition.reason == Recognition.NO_MAP


def test_an_action_reports_progress_and_ends(peer: Peer) -> None:
    def build(goal: object) -> MapBuilding.Result:
        goal.publish_feedback(MapBuilding.Feedback(done=1, total=2, stage='describing'))
        goal.succeed()
        return MapBuilding.Result(success=True, message=goal.request.sources[0])

    server = ActionServer(peer.node, MapBuilding, 'map_building', build)
    client = ActionClient(peer.node, MapBuilding, 'map_building')
    assert client.wait_for_server(timeout_sec=PATIENCE_S)
    progress: list[object] = []
    goal = peer.wait(
        client.send_goal_async(
            MapBuilding.Goal(sources=['drive.mcap']),
            feedback_callback=lambda message: progress.append(message.feedback),
        )
    )
    assert goal.accepted
    result = peer.wait(goal.get_result_async()).result
    assert (result.success, result.message) == (True, 'drive.mcap')
    assert [(f.done, f.total, f.stage) for f in progress] == [(1, 2, 'describing')]
    client.destroy()
    server.destroy()
