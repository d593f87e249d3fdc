# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Images of a bag: decoded when they are looked at, in the order of their own stamps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
import heapq
from typing import Any

from vpr_ros.bags.message_types import COMPRESSED_IMAGE, deserialize, IMAGE, NANOSECONDS, stamp_of
from vpr_ros.bags.storage import RawMessage
from vpr_ros.errors import ImageError
from vpr_ros.images.messages import rgb_of
from vpr_ros.types import ImageArray

IMAGE_TYPES = (IMAGE, COMPRESSED_IMAGE)


@dataclass(frozen=True)
class BagImage:
    """One image message of a bag.

    Attributes:
        topic: where it was recorded.
        stamp_ns: the header's stamp; the log time where that is 0.
        log_time_ns: when it was recorded.
        frame_id: the camera's optical frame.
    """

    topic: str
    stamp_ns: int
    log_time_ns: int
    frame_id: str
    _message: Any = field(default=None, repr=False)

    @cached_property
    def _decoded(self) -> ImageArray | ImageError:
        message = self._message
        try:
            if message is None:
                raise ImageError(
                    f'the message at {self.log_time_ns / NANOSECONDS:.3f} s on {self.topic} is '
                    f'damaged; record it again'
                )
            return rgb_of(message)
        except ImageError as error:
            return error

    @property
    def rgb(self) -> ImageArray | None:
        """uint8 (H, W, 3) RGB, decoded at the first call; None when it cannot be."""
        return None if isinstance(self._decoded, ImageError) else self._decoded

    @property
    def error(self) -> ImageError | None:
        """Why it cannot be decoded, or None."""
        return self._decoded if isinstance(self._decoded, ImageError) else None


def bag_image(message: RawMessage) -> BagImage:
    """Return the image of a message, not yet decoded."""
    topic, log_time_ns = message.topic, message.log_time_ns
    try:
        content = deserialize(message.raw, message.type)
        stamp_ns, frame_id = stamp_of(content), content.header.frame_id
    except Exception:  # a damaged message fails in as many ways as a damaged file
        return BagImage(topic, log_time_ns, log_time_ns, '')
    return BagImage(topic, stamp_ns or log_time_ns, log_time_ns, frame_id, content)


class StampOrder:
    """Puts images that were recorded a little out of order back into the order of their stamps.

    An image waits until the log is ``window_s`` ahead of it, or ``most`` images wait. A stamp
    that goes back by more than the window is a new beginning, not disorder.
    """

    def __init__(self, *, window_s: float = 0.25, most: int = 16) -> None:
        """Start without images."""
        self._window_ns, self._most = int(window_s * NANOSECONDS), most
        self._waiting: list[tuple[int, int, BagImage]] = []
        self._newest_ns: int | None = None
        self._count = 0

    def push(self, image: BagImage) -> Iterator[BagImage]:
        """Take an image; yields those that need not wait any longer."""
        if self._newest_ns is not None and image.stamp_ns < self._newest_ns - self._window_ns:
            yield from self.flush()
        self._newest_ns = max(image.stamp_ns, self._newest_ns or image.stamp_ns)
        self._count += 1
        heapq.heappush(self._waiting, (image.stamp_ns, self._count, image))
        yield from self.until(image.log_time_ns)

    def until(self, log_time_ns: int) -> Iterator[BagImage]:
        """Yield the images that need not wait, now that the log has come to this time."""
        while self._waiting and (
            len(self._waiting) > self._most
            or self._waiting[0][2].log_time_ns < log_time_ns - self._window_ns
        ):
            yield heapq.heappop(self._waiting)[2]

    def flush(self) -> Iterator[BagImage]:
        """Yield all that wait."""
        while self._waiting:
            yield heapq.heappop(self._waiting)[2]
        self._newest_ns = None
