# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of the camera: it falls silent, changes, floods, or sends what is no picture."""

from __future__ import annotations

import time

import cv2
from helpers import place_image
import numpy as np
import pytest
from ros.client import image_message
from sensor_msgs.msg import CompressedImage, Image

from vpr_msgs.msg import Recognition
from vpr_msgs.srv import Recognize
from vpr_ros.ros.geometry import stamp_from_message

FLOOD_HZ, FLOOD_IMAGES = 60, 180


def test_the_camera_falls_silent(node, fault) -> None:
    row = fault('the image topic stops, its publisher stays',
                'diagnostics warn after 3 s; images that come again are answered')
    with node.diagnosis() as diagnosis:
        row.saw(diagnosis.names('images', 'no image for', '1 publishers'))
        row.saw(*node.aftermath())


def test_the_camera_driver_restarts(node, fault) -> None:
    row = fault('the camera driver ends and starts again',
                'diagnostics say that nobody publishes; the new publisher is heard')
    client = node.client
    with node.diagnosis() as diagnosis:
        client.node.destroy_publisher(client._publishers.pop('image'))
        row.saw(diagnosis.names('images', 'nobody publishes it'))
        row.saw(*node.aftermath())  # makes a new publisher


def test_the_size_changes(node, fault) -> None:
    row = fault('images change from 128x96 to 320x240 and back',
                'diagnostics warn and name both; all images are answered')
    with node.diagnosis() as diagnosis:
        node.client.ask(place_image(0, height=240, width=320))
        row.saw(diagnosis.names('images', 'changed from 128x96 rgb8 to 320x240 rgb8'))
        row.saw(*node.aftermath())


def test_the_encoding_changes(node, fault) -> None:
    row = fault('the encoding changes from rgb8 to bgr8 to mono8',
                'diagnostics warn and name them; all images are answered, bgr8 is recognised')
    client = node.client
    with node.diagnosis() as diagnosis:
        answer = client.ask(place_image(4)[..., ::-1], encoding='bgr8')
        assert answer.reason == Recognition.ACCEPTED, answer.reason_text
        row.saw(diagnosis.names('images', 'rgb8 to 128x96 bgr8'))
        client.ask(cv2.cvtColor(place_image(4), cv2.COLOR_RGB2GRAY), encoding='mono8')
        row.saw(*node.aftermath())


def test_a_flood(node, fault) -> None:
    row = fault(f'{FLOOD_IMAGES} images at {FLOOD_HZ} Hz',
                'the newest is answered, what the node cannot take is dropped and counted')
    client = node.client
    publisher = client.publisher(Image, 'image')
    before = len(client.recognitions.messages)
    with node.diagnosis() as diagnosis:
        images = [image_message(place_image(i), 0) for i in range(6)]
        due = time.monotonic()
        for number in range(FLOOD_IMAGES):
            message = images[number % 6]
            stamp = image_message(np.zeros((1, 1, 3), np.uint8), client.advance(1 / FLOOD_HZ))
            message.header.stamp = stamp.header.stamp
            publisher.publish(message)
            due += 1 / FLOOD_HZ
            time.sleep(max(0.0, due - time.monotonic()))  # the pace is the fault
        client.ask(place_image(1))
        answered = len(client.recognitions.messages) - before
        rate = diagnosis.value('images', 'rate_hz', 15.0)
    assert answered > 1
    row.saw(f'{answered} of {FLOOD_IMAGES + 1} answered', f'diagnostics: rate_hz {rate:.0f}')
    row.saw(*node.aftermath())


def test_one_pixel(node, fault) -> None:
    row = fault('images of one pixel', 'answered as BLANK_IMAGE; diagnostics warn of blank images')
    with node.diagnosis() as diagnosis:
        for _ in range(4):
            answer = node.client.ask(np.full((1, 1, 3), 90, np.uint8))
            assert answer.reason == Recognition.BLANK_IMAGE
        row.saw(diagnosis.names('images', 'images are blank'), *node.aftermath())


def test_an_image_of_8k(node, fault) -> None:
    row = fault('an image of 7680x4320, raw mono8 by service and as JPEG by service',
                'both are answered')
    picture = np.kron(place_image(3), np.ones((45, 60, 1), np.uint8))
    assert picture.shape == (4320, 7680, 3)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    answer = node.client.call(Recognize, '~/recognize', max_matches=1,
                              image=image_message(grey, 1, encoding='mono8'))
    assert answer.success and len(answer.recognition.matches) == 1, answer.message
    jpeg = cv2.imencode('.jpg', picture[..., ::-1])[1].tobytes()
    answer = node.client.call(
        Recognize, '~/recognize', max_matches=1, compressed=True,
        compressed_image=CompressedImage(format='jpeg', data=jpeg))
    assert answer.success, answer.message
    assert answer.recognition.matches[0].similarity > 0.9
    row.saw('2 of 2 answered', *node.aftermath())


@pytest.mark.parametrize(('what', 'change', 'words'), [
    ('an empty image', {'width': 0, 'height': 0, 'step': 0, 'data': b''}, 'has no pixels'),
    ('an image whose step is too short', {'step': 100}, 'has a step of 100 bytes'),
    ('an image with half of its data', {'data': bytes(18432)}, 'holds 18432 bytes'),
    ('an unknown encoding', {'encoding': 'rgb7'}, "encoding 'rgb7' cannot be converted"),
], ids=['empty', 'step', 'half', 'encoding'])
def test_fields_that_do_not_fit(node, fault, what, change, words) -> None:
    row = fault(what, 'left out; diagnostics warn with one sentence')
    message = image_message(place_image(2), node.client.advance(1.0))
    for name, value in change.items():
        setattr(message, name, value)
    publisher = node.client.publisher(Image, 'image')
    with node.diagnosis() as diagnosis:
        for _ in range(5):  # best effort: one may be lost
            publisher.publish(message)
        row.saw(diagnosis.names('images', 'images could not be taken', words))
        row.saw(*node.aftermath())
    stamps = {stamp_from_message(r.header.stamp) for r in node.client.recognitions.messages}
    assert stamp_from_message(message.header.stamp) not in stamps


def test_float_images_of_nan(node, fault) -> None:
    row = fault('32FC1 images in which every value is NaN',
                'answered as BLANK_IMAGE; diagnostics warn of blank images')
    with node.diagnosis() as diagnosis:
        for _ in range(4):
            answer = node.client.ask(np.full((96, 128), np.nan, np.float32), encoding='32FC1')
            assert answer.reason == Recognition.BLANK_IMAGE and not answer.added_to_map
        row.saw(diagnosis.names('images', 'images are blank'), *node.aftermath())
