# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node with several cameras, with a lens and a mask, and lost in a stored map; over DDS."""

from __future__ import annotations

from collections.abc import Callable
import math
from pathlib import Path
from typing import Any

import cv2
from diagnostic_msgs.msg import DiagnosticArray
from helpers import place_image
import numpy as np
import pytest
from ros.client import Client, image_message, Inbox, PATIENCE_S, SECOND
from sensor_msgs.msg import CameraInfo, Image

from vpr_msgs.msg import Localization, LoopClosureCandidates, Recognition
from vpr_ros.assembly import open_recognizer
from vpr_ros.ros.geometry import stamp_from_message
from vpr_ros.settings import Settings
from vpr_ros.types import Frame

FRONT, REAR = 100, 200  # numbers of the pictures that each camera sees on the way there


def moment(client: Client, front: np.ndarray, rear: np.ndarray) -> Recognition:
    """Send an image of each camera, 10 ms apart, and wait for the one answer."""
    stamps = {'front': client.advance(1.0), 'rear': client.now_ns + SECOND // 100}
    messages = {}
    for (name, stamp_ns), image in zip(stamps.items(), (front, rear), strict=True):
        messages[name] = image_message(image, stamp_ns)
        messages[name].header.frame_id = f'{name}_optical'
        client.publisher(Image, f'{name}/image')
    for _ in range(20):  # best effort is tried again
        for name, message in messages.items():
            client.publisher(Image, f'{name}/image').publish(message)
        found = client.recognitions.find(
            lambda r: stamp_from_message(r.header.stamp) in stamps.values(), PATIENCE_S / 20)
        if found is not None:
            return found
    raise AssertionError(f'no answer to the images at {client.now_ns}: {client.log()}')


def test_the_way_back_is_a_loop_closure_that_turns_the_robot(start: Callable[..., Any]) -> None:
    with start(cameras=['front:0', 'rear:180'], context_keyframes=0) as client:
        closures = client.collect(LoopClosureCandidates, 'loop_closures')
        for number in range(6):
            answer = moment(client, place_image(FRONT + number), place_image(REAR + number))
            assert answer.reason != Recognition.ACCEPTED
        client.advance(60.0)
        for number in range(5, -1, -1):
            answer = moment(client, place_image(REAR + number), place_image(FRONT + number))
        closure = closures.get().candidates[0]
        assert closure.has_match_yaw
        assert abs(closure.match_yaw_in_query) == pytest.approx(math.pi, abs=1e-5)
        assert {closure.header.frame_id, closure.match_frame_id} == {
            'front_optical', 'rear_optical'}
        assert answer.reason == Recognition.ACCEPTED


def test_a_robot_that_wakes_up_says_that_it_is_lost_until_it_knows_its_place(
    start: Callable[..., Any], model: str, tmp_path: Path
) -> None:
    path, places = tmp_path / 'stored.vprmap', 25
    recognizer = open_recognizer(
        Settings(model=model, keyframe_interval_s=0.5, context_keyframes=0), map_path=path,
        session='morning')
    for number in range(places):
        recognizer.process(Frame(place_image(300 + number), (10 + number) * SECOND, 'camera'))
    assert len(recognizer.place_map) == places
    recognizer.place_map.close()
    with start(mode='localization', map_path=str(path)) as client:
        told: Inbox = client.collect(Localization, '~/localization')
        client.wait_until_active()
        for number in range(8, 20):
            client.ask(place_image(300 + number))
        first, last = told.messages[0], told.get(
            lambda m: stamp_from_message(m.header.stamp) == client.now_ns)
        assert first.lost and first.probability < last.probability
        assert not last.lost and last.direction == 1 and last.session == 'morning'
        assert stamp_from_message(last.place_stamp) == (10 + 19) * SECOND


def test_images_wait_for_the_calibration_and_are_then_rectified(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    mask = np.full((96, 128), 255, np.uint8)
    mask[90:] = 0
    cv2.imwrite(str(tmp_path / 'body.png'), mask)
    with start(rectify=True, mask=str(tmp_path / 'body.png')) as client:
        diagnostics = client.collect(DiagnosticArray, '/diagnostics')
        publisher = client.publisher(Image, 'image')
        words = 'rectify is on but no usable camera_info has come'
        for _ in range(20):  # best effort is tried again
            publisher.publish(image_message(place_image(1), client.advance(1.0)))
            if diagnostics.find(lambda array: any(words in s.message for s in array.status),
                                PATIENCE_S / 20):
                break
        else:
            raise AssertionError(client.log())
        info = CameraInfo(width=128, height=96, distortion_model='plumb_bob',
                          d=[-0.2, 0.05, 0.0, 0.0, 0.0],
                          k=[80.0, 0.0, 63.5, 0.0, 80.0, 47.5, 0.0, 0.0, 1.0])
        info.header.frame_id = 'camera'
        client.publisher(CameraInfo, 'camera_info').publish(info)
        assert diagnostics.get(lambda array: any(
            value.key == 'camera_info' and '128x96' in value.value
            for status in array.status for value in status.values))
        assert client.ask(place_image(2)).header.frame_id == 'camera'
        publisher.publish(image_message(place_image(3, height=48, width=64), client.advance(1.0)))
        assert diagnostics.get(lambda array: any('body.png is 128x96' in s.message
                                                 for s in array.status))


def test_a_wrong_camera_list_is_one_sentence(start: Callable[..., Any]) -> None:
    with start(cameras=['front']) as client:
        assert client.process._process.wait(PATIENCE_S) == 1
        assert 'expected NAME:YAW with the yaw in degrees' in client.log()
