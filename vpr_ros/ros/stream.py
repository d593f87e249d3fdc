# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From an image message to a published recognition: what the worker does with each image.

Here it is decided which images are processed (order, rate, jumps of time), and here every error of
one image ends: it is counted and named, and the node goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
import time
import traceback
from typing import Any, Protocol

from vpr_ros.cameras.camera_set import query_frame
from vpr_ros.errors import ImageError, VprError
from vpr_ros.ros.cameras import Cameras
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.geometry import stamp_from_message
from vpr_ros.ros.odometry import OdometryBuffer
from vpr_ros.ros.stamps import StampJudge, Verdict
from vpr_ros.ros.statistics import Statistics
from vpr_ros.types import Frame, Reason, Recognition

# In lockstep the odometry that was sent before an image may arrive just after it.
LOCKSTEP_WAIT_S = 0.1
BLANK = 3  # blank images in a row are worth a word; one is a tunnel or a flash


class Log(Protocol):
    """What a stream says aloud."""

    def warning(self, message: str) -> Any:
        """Say what a user should look at."""

    def error(self, message: str) -> Any:
        """Say what is broken."""


@dataclass
class Stream:
    """The state between images. One thread calls :meth:`process`.

    Attributes:
        engine: recognises.
        odometry: where the robot was; None without odometry.
        statistics: counts.
        publish: takes each frame with its recognition.
        forget: called when time has jumped back.
        age_ms: milliseconds from a stamp to now on the node's clock; None when they are of
            different clocks.
        log: for new kinds of errors, once each.
        odometry_expected: whether somebody publishes odometry.
        lockstep: wait for the odometry of each image.
        max_rate_hz: most images processed per second of their stamps; 0 for all.
        odometry_timeout_s: see the parameter.
        problem: the last unexpected error, '' for none.
        cameras: makes frames of messages.
        see: shown each frame before it is recognised, for relative poses.
        image_format: size and encoding of the last image, such as ``640x480 rgb8``; '' before.
    """

    engine: Engine
    cameras: Cameras
    odometry: OdometryBuffer | None
    statistics: Statistics
    publish: Callable[[Frame, Recognition], None]
    forget: Callable[[], None]
    age_ms: Callable[[int], float | None]
    log: Log
    odometry_expected: Callable[[], bool]
    lockstep: bool = False
    max_rate_hz: float = 0.0
    odometry_timeout_s: float = 1.0
    problem: str = ''
    image_format: str = ''
    see: Callable[[Frame], None] = lambda _: None
    _judge: StampJudge = field(default_factory=StampJudge)
    _processed_ns: int | None = None
    _blank: int = 0

    def process(self, message: Any) -> None:
        """Take one sensor_msgs/Image or CompressedImage, or one of each camera; never raises."""
        try:
            self._process(message)
        except ImageError as error:
            if self.statistics.failed(str(error)):
                self.log.warning(f'an image could not be taken: {error}')
        except VprError as error:
            if self.statistics.failed(str(error)):
                self.log.error(str(error))
        except Exception as error:  # a defect; one image is lost, the robot goes on
            self.problem = f'internal error: {error!r}'
            if self.statistics.failed(self.problem):
                self.log.error(f'{self.problem}\n{traceback.format_exc()}')

    def restart(self) -> None:
        """Forget which image was the last: the camera starts anew, or the map is another."""
        self._judge.restart()
        self._processed_ns = None

    def _process(self, message: Any) -> None:
        name, leading = self.cameras.leading(message)
        stamp_ns = stamp_from_message(leading.header.stamp)
        if not self._is_next(stamp_ns):
            return
        pose, travelled_m = None, None
        if self.odometry is not None:
            wait_s = LOCKSTEP_WAIT_S if self.lockstep and self.odometry_expected() else 0.0
            pose, travelled_m = self.odometry.at(
                stamp_ns, timeout_s=self.odometry_timeout_s, wait_s=wait_s
            )
        frames = self.cameras.frames(message, pose, travelled_m)
        if name == self.cameras.names[0]:
            self._note_format(leading, frames[0].image.shape[1], frames[0].image.shape[0])
        for frame in frames:
            self.see(frame)
        recognition = self.engine.recognizer.process_views(frames)
        self._note_blank(recognition)
        self.statistics.recognized(recognition, time.monotonic(), self.age_ms(stamp_ns))
        self.publish(query_frame(frames, recognition.frame_id), recognition)

    def _is_next(self, stamp_ns: int) -> bool:
        """Whether an image is to be processed; follows time when it jumps back."""
        now_s, before_ns = time.monotonic(), self._processed_ns
        verdict, oddity, sentence = self._judge.judge(stamp_ns, now_s)
        if oddity and self.statistics.notice(oddity, sentence, now_s):
            self.log.warning(sentence)
        if verdict is Verdict.LEAVE:
            self.statistics.count('out_of_order')
            return False
        if verdict is Verdict.ANEW:
            self.statistics.count('time_jumps')
            self.engine.recognizer.reset()
            self.forget()
        elif (self.max_rate_hz > 0 and before_ns is not None
                and stamp_ns - before_ns < 1e9 / self.max_rate_hz):
            return False
        self._processed_ns = stamp_ns
        return True

    def _note_format(self, message: Any, width: int, height: int) -> None:
        kind = getattr(message, 'encoding', None) or message.format.partition(';')[0]
        found, before = f'{width}x{height} {kind}', self.image_format
        self.image_format = found
        if before not in ('', found):
            sentence = f'images changed from {before} to {found}'
            if self.statistics.notice('format', sentence, time.monotonic()):
                self.log.warning(sentence)

    def _note_blank(self, recognition: Recognition) -> None:
        self._blank = self._blank + 1 if recognition.reason is Reason.BLANK_IMAGE else 0
        if self._blank >= BLANK:
            sentence = (f'the last {self._blank} images are blank: is the lens covered, or the '
                        f'exposure wrong?')
            if self.statistics.notice('blank', sentence, time.monotonic()):
                self.log.warning(sentence)
