# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which topic of a bag is meant: the one that was named, or the only one there is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from vpr_ros.bags.images import IMAGE_TYPES
from vpr_ros.bags.message_types import ODOMETRY
from vpr_ros.bags.poses import POSE_TYPES
from vpr_ros.bags.storage import TopicInfo
from vpr_ros.errors import ConfigError, DataError


def named_topic(
    topics: Sequence[TopicInfo], name: str, bag: str, types: Collection[str] | None = None
) -> str:
    """Return the topic of this name.

    Args:
        topics: of the bag.
        name: as the user gave it.
        bag: for the error.
        types: message types that are taken; None for all.

    Raises:
        DataError: the bag has no such topic, or it is of another type.
    """
    found = [info for info in topics if info.name == name]
    if not found:
        likely = [info for info in topics if types is None or info.type in types]
        raise DataError(f'{bag} has no topic {name}; it has {_listed(likely or topics)}')
    if types is not None and not any(info.type in types for info in found):
        raise DataError(
            f'topic {name} of {bag} is of type {found[0].type}; expected {" or ".join(types)}'
        )
    return name


def image_topics(topics: Sequence[TopicInfo]) -> list[str]:
    """Return the image topics that hold messages, each in one form: raw where that is there."""
    names = {info.name for info in topics if info.type in IMAGE_TYPES and info.count}
    return sorted(
        topic for topic in names
        if not topic.endswith('/compressedDepth')
        and not (topic.endswith('/compressed') and topic.removesuffix('/compressed') in names)
    )


def choose_image_topic(topics: Sequence[TopicInfo], name: str | None, bag: str) -> str:
    """Choose the camera's topic.

    Without a name, topics without messages do not count, nor does depth, nor the compressed form
    of a topic that is there itself.

    Raises:
        DataError: there is none, or not the one that was named.
        ConfigError: there are several and none was named.
    """
    if name is not None:
        return named_topic(topics, name, bag, IMAGE_TYPES)
    candidates = image_topics(topics)
    if not candidates:
        raise DataError(
            f'{bag} holds no image; expected a topic of type {" or ".join(IMAGE_TYPES)} with '
            f'messages, found {_listed(topics)}; record the camera, too'
        )
    colour = [topic for topic in candidates if 'depth' not in topic.lower()]
    return _only(colour or candidates, 'image', bag)


def choose_odometry_topic(
    topics: Sequence[TopicInfo], name: str | None, bag: str
) -> str | None:
    """Choose the odometry's topic; None when there is none, or '' was named.

    Raises:
        DataError: the topic that was named is not there, or not one of poses.
        ConfigError: there are several and none was named.
    """
    if name == '':
        return None
    if name is not None:
        return named_topic(topics, name, bag, POSE_TYPES)
    candidates = sorted(info.name for info in topics if info.type == ODOMETRY and info.count)
    return _only(candidates, 'odometry', bag) if candidates else None


def _only(candidates: list[str], what: str, bag: str) -> str:
    if len(candidates) > 1:
        raise ConfigError(
            f'{bag} holds several {what} topics: {", ".join(candidates)}; '
            f'say which with --{what}-topic'
        )
    return candidates[0]


def _listed(topics: Sequence[TopicInfo]) -> str:
    return ', '.join(f'{info.name} ({info.type}, {info.count})' for info in topics) or 'no topic'
