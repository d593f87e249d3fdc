# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which topics of a bag belong to which camera: those that were named, or what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vpr_ros.bags.images import IMAGE_TYPES
from vpr_ros.bags.message_types import CAMERA_INFO, IMAGE
from vpr_ros.bags.moments import RigTopics
from vpr_ros.bags.reader import BagReader
from vpr_ros.bags.selection import choose_image_topic, image_topics, named_topic
from vpr_ros.bags.storage import TopicInfo
from vpr_ros.errors import ConfigError
from vpr_ros.settings import Settings

GIVEN = ':='  # NAME:=TOPIC, as ROS writes a remapping


@dataclass(frozen=True)
class BagTopics:
    """What a user says of the topics of bags; None leaves it to what is there.

    With several cameras (the parameter ``cameras``) ``image`` and ``camera_info`` are
    ``NAME:=TOPIC`` for each camera, separated by spaces; a camera that is not named has the image
    topic with its name in it.

    Attributes:
        image: topic of the images, with ``stereo`` of the left camera.
        odometry: topic of poses; '' uses none.
        camera_info: topic of the calibration; None takes the one beside the image topic.
        depth: topic of registered depth images, for ``relative_pose``.
        right: topic of the images of the right camera, for ``stereo``; None writes right for left
            in the topic of the left one.
    """

    image: str | None = None
    odometry: str | None = None
    camera_info: str | None = None
    depth: str | None = None
    right: str | None = None


def rig_topics(
    reader: BagReader, given: BagTopics, settings: Settings, names: Sequence[str]
) -> RigTopics:
    """Find the topics that the settings ask for.

    Args:
        reader: open.
        given: by the user.
        settings: cameras, ``relative_pose``, ``stereo``, ``rectify``.
        names: of the cameras; one empty name for one camera.

    Raises:
        DataError: a topic is not there, or not of the right type.
        ConfigError: one that is needed must be named.
    """
    images = _image_topics(reader, given, settings, names)
    infos: dict[str, str] = {}
    if settings.relative_pose or settings.rectify:
        told = _by_camera(given.camera_info, names, 'camera-info')
        infos = {name: _info_topic(reader, topic, told.get(name))
                 for name, topic in images.items()}
    beside: tuple[str, ...] = ()
    right_info = ''
    if settings.relative_pose and settings.stereo:
        right = _right_topic(reader, images[names[0]], given.right)
        beside, right_info = (right,), _info_topic(reader, right, None)
    elif settings.relative_pose:
        beside = _depth_topics(reader, given.depth, several=len(names) > 1)
    return RigTopics(images, reader.odometry_topic(given.odometry), infos, beside, right_info)


def _image_topics(
    reader: BagReader, given: BagTopics, settings: Settings, names: Sequence[str]
) -> dict[str, str]:
    if len(names) == 1:
        found = given.image
        if found is None and settings.stereo:
            pairs = [topic for topic in _cameras(reader)
                     if 'left' in topic and topic.replace('left', 'right') in _cameras(reader)]
            found = pairs[0] if len(pairs) == 1 else None
        return {names[0]: choose_image_topic(reader.topics(), found, reader.name)}
    told = _by_camera(given.image, names, 'image')
    return {name: named_topic(reader.topics(), told[name], reader.name, IMAGE_TYPES)
            if name in told else _topic_of(reader, name) for name in names}


def _topic_of(reader: BagReader, name: str) -> str:
    """Find the only image topic with the camera's name among its parts."""
    likely = [topic for topic in _cameras(reader) if name in topic.split('/')]
    if len(likely) != 1:
        found = ', '.join(likely or _cameras(reader)) or 'none'
        raise ConfigError(f'{reader.name} does not say which images camera {name} took; name them '
                          f'with --image-topic {name}{GIVEN}TOPIC; found {found}')
    return likely[0]


def _cameras(reader: BagReader) -> list[str]:
    return [topic for topic in image_topics(reader.topics()) if 'depth' not in topic.lower()]


def _by_camera(given: str | None, names: Sequence[str], what: str) -> dict[str, str]:
    """Topics by camera, of what the user gave."""
    if given is None:
        return {}
    if len(names) == 1:
        return {names[0]: given}
    found = {}
    for word in given.split():
        name, separator, topic = word.partition(GIVEN)
        if not separator or name not in names or not topic:
            raise ConfigError(f'--{what}-topic: {word[:100]!r} found, but the cameras are '
                              f'{", ".join(names)}; write NAME{GIVEN}TOPIC for each')
        found[name] = topic
    return found


def _info_topic(reader: BagReader, image: str, told: str | None) -> str:
    """Return the calibration of an image topic, beside it unless it was named."""
    if told is not None:
        return named_topic(reader.topics(), told, reader.name, (CAMERA_INFO,))
    infos = [info.name for info in reader.topics() if info.type == CAMERA_INFO and info.count]
    raw = image.removesuffix('/compressed')
    beside = raw.rpartition('/')[0] + '/camera_info'
    if beside in infos:
        return beside
    raise ConfigError(f'relative_pose and rectify need the calibration of {image}, but '
                      f'{reader.name} has no {beside}; name it with --camera-info-topic, record '
                      f'it, or set them to false; found {", ".join(infos) or "none"}')


def _right_topic(reader: BagReader, left: str, told: str | None) -> str:
    if told is None and 'left' not in left:
        raise ConfigError(f'stereo is on but it is not clear which topic of {reader.name} is the '
                          f'right camera of {left}; name it with --right-topic')
    right = told or left.replace('left', 'right')
    return named_topic(reader.topics(), right, reader.name, IMAGE_TYPES)


def _depth_topics(reader: BagReader, told: str | None, *, several: bool) -> tuple[str, ...]:
    """Depth images; with several cameras each carries the optical frame of its camera."""
    if told is not None:
        return tuple(named_topic(reader.topics(), topic, reader.name, (IMAGE,))
                     for topic in told.split())
    found: list[TopicInfo] = [info for info in reader.topics() if info.type == IMAGE
                              and info.count and 'depth' in info.name.lower()]
    registered = [info for info in found
                  if 'registered' in info.name or 'aligned' in info.name] or found
    if len(registered) > 1 and not several:
        raise ConfigError(f'{reader.name} holds several depth topics: '
                          f'{", ".join(info.name for info in registered)}; say which with '
                          '--depth-topic')
    return tuple(info.name for info in registered)
