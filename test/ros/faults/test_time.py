# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of clocks, odometry and calibration."""

from __future__ import annotations

import itertools
import math

from geometry_msgs.msg import Point
from helpers import place_image
from nav_msgs.msg import Odometry
from ros.client import image_message, SECOND
from sensor_msgs.msg import CameraInfo, Image

from vpr_msgs.srv import GetMapInfo
from vpr_ros.ros.geometry import stamp_from_message, stamp_to_message


def sessions(node) -> int:
    return len(node.client.call(GetMapInfo, '~/get_map_info').info.sessions)


def odometry(stamp_ns: int, x_m: float) -> Odometry:
    message = Odometry()
    message.header.stamp, message.header.frame_id = stamp_to_message(stamp_ns), 'odom'
    message.pose.pose.position = Point(x=x_m)
    message.pose.pose.orientation.w = 1.0
    return message


def test_stamps_stand_still(node, fault) -> None:
    row = fault('images that all carry one stamp',
                'the node goes on to answer; diagnostics warn')
    client = node.client
    publisher, stamp_ns = client.publisher(Image, 'image'), client.advance(1.0)
    with node.diagnosis() as diagnosis:
        row.saw(diagnosis.names('images', 'stamps stand still', meanwhile=lambda: (
            publisher.publish(image_message(place_image(950), stamp_ns)))))
    answers = [r for r in client.recognitions.messages
               if stamp_from_message(r.header.stamp) == stamp_ns]
    assert answers
    row.saw(f'{len(answers)} answered', *node.aftermath())


def test_stamps_run_backwards(node, fault) -> None:
    row = fault('images whose stamps run backwards by 0.2 s each',
                'the node begins one new session and leaves the rest out; diagnostics warn')
    client, before = node.client, sessions(node)
    publisher, now_ns = client.publisher(Image, 'image'), client.now_ns
    stamps = (now_ns - number * SECOND // 5 for number in itertools.count(1))
    with node.diagnosis() as diagnosis:
        row.saw(diagnosis.names('images', 'stamps run backwards', meanwhile=lambda: (
            publisher.publish(image_message(place_image(3), next(stamps))))))
        for _ in range(40):
            publisher.publish(image_message(place_image(3), next(stamps)))
    node.client.ask(place_image(1))
    begun = sessions(node) - before
    assert begun <= 2
    row.saw(f'{begun} new session', *node.aftermath())


def test_stamps_jump_forward(node, fault) -> None:
    row = fault('stamps jump forward by ten days (a clock that was set)',
                'images are answered; diagnostics warn')
    with node.diagnosis() as diagnosis:
        node.client.ask(place_image(5), after_s=864_000.0)
        row.saw(diagnosis.names('images', 'stamps jumped forward by'), *node.aftermath())


def test_time_jumps_back(node, fault) -> None:
    row = fault('stamps jump back by 100 s (a bag that loops)',
                'a new session begins; diagnostics warn')
    client, before = node.client, sessions(node)
    for place in range(32):  # a while in order, so that the jump is believed at once
        client.ask(place_image(960 + place), after_s=0.1)
    with node.diagnosis() as diagnosis:
        client.ask(place_image(2), after_s=-100.0)
        row.saw(diagnosis.names('images', 'time jumped back by 100.0 s'))
    assert sessions(node) == before + 1
    row.saw('1 new session', *node.aftermath())


def test_two_cameras_whose_clocks_differ(node, fault) -> None:
    row = fault('two cameras publish on one topic, their clocks 500 s apart',
                'one of the two is used, no flood of sessions; diagnostics warn')
    client, before = node.client, sessions(node)
    publisher, numbers = client.publisher(Image, 'image'), itertools.count()
    with node.diagnosis() as diagnosis:
        def next_image() -> None:
            number = next(numbers)
            stamp_ns = client.advance(0.1) - (number % 2) * 500 * SECOND
            publisher.publish(image_message(place_image(1 + number % 2), stamp_ns))

        row.saw(diagnosis.names('images', 'jump to and fro', meanwhile=next_image))
        for _ in range(40):
            next_image()
    client.ask(place_image(1))
    begun = sessions(node) - before
    assert begun <= 2
    row.saw(f'{begun} new session', *node.aftermath())


def test_odometry_of_nan(node, fault) -> None:
    row = fault('odometry that holds NaN', 'left out; diagnostics warn; images are answered')
    client = node.client
    publisher = client.publisher(Odometry, 'odom')
    with node.diagnosis() as diagnosis:
        # again and again: a new publisher is heard from some moment on
        row.saw(diagnosis.names('images', 'odometry holds NaN', meanwhile=lambda: (
            publisher.publish(odometry(client.now_ns, math.nan)))), *node.aftermath())


def test_odometry_jumps(node, fault) -> None:
    row = fault('odometry jumps by 1 km within 0.1 s',
                'the jump does not count as travelled; diagnostics warn')
    client = node.client
    publisher = client.publisher(Odometry, 'odom')
    with node.diagnosis() as diagnosis:
        def jump() -> None:
            stamp_ns = client.advance(0.1)
            publisher.publish(odometry(stamp_ns, 1000.0 * (stamp_ns // (SECOND // 10) % 2)))

        row.saw(diagnosis.names('images', 'odometry jumped', meanwhile=jump))
        for _ in range(20):  # best effort: the odometry before an image may be lost
            jump()
            answer = client.ask(place_image(3), after_s=0.1)
            if answer.has_travelled:
                break
        assert answer.has_travelled and answer.travelled_m < 1.0
        row.saw(f'{answer.travelled_m:.1f} m travelled', *node.aftermath())


def test_odometry_stops(node, fault) -> None:
    row = fault('odometry stops', 'time stands in for distance; diagnostics warn after 3 s')
    client = node.client
    client.publisher(Odometry, 'odom').publish(odometry(client.advance(1.0), 0.0))
    with node.diagnosis() as diagnosis:
        row.saw(diagnosis.names('images', 'no odometry for'))
        assert not client.ask(place_image(3), after_s=20.0).has_travelled
        row.saw(*node.aftermath())


def test_the_calibration_of_another_camera(node, fault) -> None:
    row = fault('camera_info of 640x480 beside images of 128x96',
                'diagnostics warn and name both sizes; images are answered')
    client = node.client
    publisher = client.publisher(CameraInfo, 'camera_info')
    with node.diagnosis() as diagnosis:
        client.ask(place_image(3))
        for _ in range(5):
            publisher.publish(CameraInfo(width=640, height=480))
        row.saw(diagnosis.names('images', 'camera_info is of 640x480 pixels'))
    for _ in range(5):
        publisher.publish(CameraInfo(width=128, height=96))
    row.saw(*node.aftermath())
