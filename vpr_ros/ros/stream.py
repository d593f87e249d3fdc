# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From an image message to a published recognition: what the worker does with each image.

Here it is decided which images are processed (order, rate, jumps of time), and here every error of
one image ends: it is counted and named, and the node goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import time
import traceback
from typing import Any, Protocol

from vpr_ros.errors import ImageError, VprError
from vpr_ros.ros.camera import rgb_of
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.geometry import stamp_from_message
from vpr_ros.ros.odometry import OdometryBuffer
from vpr_ros.ros.statistics import Statistics
from vpr_ros.types import Frame, Recognition

# In lockstep the odometry that was sent before an image may arrive just after it.
LOCKSTEP_WAIT_S = 0.1
JUMP_NS = 1_000_000_000  # further back than this, time has jumped; less is an image out of order


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
    """

    engine: Engine
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
    _last_ns: int | None = None

    def process(self, message: Any) -> None:
        """Take one sensor_msgs/Image or CompressedImage; never raises."""
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
        self._last_ns = None

    def _process(self, message: Any) -> None:
        stamp_ns = stamp_from_message(message.header.stamp)
        if not self._is_next(stamp_ns):
            return
        image = rgb_of(message)
        pose, travelled_m = None, None
        if self.odometry is not None:
            wait_s = LOCKSTEP_WAIT_S if self.lockstep and self.odometry_expected() else 0.0
            pose, travelled_m = self.odometry.at(
                stamp_ns, timeout_s=self.odometry_timeout_s, wait_s=wait_s
            )
        frame = Frame(image, stamp_ns, message.header.frame_id, pose, travelled_m)
        recognition = self.engine.recognizer.process(frame)
        self.statistics.recognized(recognition, time.monotonic(), self.age_ms(stamp_ns))
        self.publish(frame, recognition)

    def _is_next(self, stamp_ns: int) -> bool:
        """Whether an image is to be processed; follows time when it jumps back."""
        if self._last_ns is not None:
            step_ns = stamp_ns - self._last_ns
            if step_ns < -JUMP_NS:
                self.log.warning(
                    f'time jumped back by {-step_ns / 1e9:.1f} s (a bag that loops?): what was '
                    f'just seen is forgotten'
                )
                self.statistics.count('time_jumps')
                self.engine.recognizer.reset()
                self.forget()
            elif step_ns < 0:
                self.statistics.count('out_of_order')
                return False
            elif self.max_rate_hz > 0 and step_ns < 1e9 / self.max_rate_hz:
                return False
        self._last_ns = stamp_ns
        return True
