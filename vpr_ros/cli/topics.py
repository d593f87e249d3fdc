# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments that say which topics of a bag belong to which camera."""

from __future__ import annotations

import argparse

from vpr_ros.building.topics import BagTopics


def add_topics(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every verb that reads bags through the pipeline."""
    parser.add_argument('--image-topic', action='append', metavar='TOPIC',
                        help='image topic, if the bag holds several; with the parameter cameras '
                             'NAME:=TOPIC, once for each camera')
    parser.add_argument('--odometry-topic', metavar='TOPIC', help="odometry; '' uses none")
    parser.add_argument('--camera-info-topic', action='append', metavar='TOPIC',
                        help='calibration, if it is not beside the image topic; with the '
                             'parameter cameras NAME:=TOPIC')
    parser.add_argument('--depth-topic', action='append', metavar='TOPIC',
                        help='registered depth images, for relative_pose')
    parser.add_argument('--right-topic', metavar='TOPIC',
                        help='images of the right camera, for stereo')


def topics_of(args: argparse.Namespace) -> BagTopics:
    """Read the arguments of :func:`add_topics`."""
    def words(given: list[str] | None) -> str | None:
        return None if given is None else ' '.join(given)

    return BagTopics(words(args.image_topic), args.odometry_topic, words(args.camera_info_topic),
                     words(args.depth_topic), args.right_topic)
