# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The drive of the demo: two laps through a town, the second on an overcast autumn evening."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
import shutil
from typing import Any

from vpr_ros.bags import write_drive
from vpr_ros.world import Conditions, Drive, World

RATE_HZ = 10.0
SPEED_MPS = 5.0
PAUSE_NS = 90_000_000_000  # between the laps: the camera was off, the light is another
GROUND_TRUTH_TOPIC = '/ground_truth/pose'
RADIUS_M = 5.0
FIRST = Conditions(time_of_day_h=13.0, weather='clear', season='summer', traffic_seed=1)
DEFAULT = 'autumn'
SECOND = {
    DEFAULT: Conditions(time_of_day_h=17.5, weather='overcast', season='autumn', traffic_seed=2),
    'dusk': Conditions.dusk(traffic_seed=2),
    'night': Conditions.night(traffic_seed=2),
    'rain': Conditions.rain(traffic_seed=2),
    'snow': Conditions.snow(traffic_seed=2),
    'fog': Conditions.fog(traffic_seed=2),
}

Progress = Callable[[int, int, str], None]


class _Counted:
    """A drive that reports its frames as they are rendered."""

    def __init__(self, drive: Drive, before: int, total: int, progress: Progress | None) -> None:
        self.camera, self._drive = drive.camera, drive
        self._before, self._total, self._progress = before, total, progress

    def __iter__(self) -> Iterator[Any]:
        for number, frame in enumerate(self._drive):
            yield frame
            if self._progress is not None:
                self._progress(self._before + number + 1, self._total, 'rendering the drive')


def render_demo_bag(
    path: Path, *, seed: int = 0, rate_hz: float = RATE_HZ, second: str = DEFAULT,
    progress: Progress | None = None,
) -> int:
    """Render the demo's drive into a rosbag2 (mcap), replacing an older one.

    Args:
        path: the bag's folder.
        seed: of the town.
        rate_hz: frames per second.
        second: light and weather of the second lap, one of :data:`SECOND`.
        progress: called with (frames done, frames in total, stage).

    Returns:
        The number of frames.

    Raises:
        DataError: the bag cannot be written.
    """
    return render_laps(path, FIRST, SECOND[second], seed=seed, rate_hz=rate_hz, progress=progress)


def render_laps(
    path: Path, first: Conditions, second: Conditions, *, seed: int = 0,
    rate_hz: float = RATE_HZ, progress: Progress | None = None,
) -> int:
    """Render two laps through a town into a rosbag2 (mcap), replacing an older one.

    Args:
        path: the bag's folder.
        first, second: light, weather and traffic of the laps.
        seed, rate_hz, progress: see :func:`render_demo_bag`.

    Returns:
        The number of frames.

    Raises:
        DataError: the bag cannot be written.
    """
    world = World(seed=seed, kind='town')
    before = Drive(world, first, seed=1, rate_hz=rate_hz, speed_mps=SPEED_MPS)
    end_ns = before.stamp_ns(len(before) - 1)
    again = Drive(world, second, seed=2, rate_hz=rate_hz, speed_mps=SPEED_MPS,
                  start_stamp_ns=end_ns + PAUSE_NS)
    total = len(before) + len(again)
    if path.exists():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_drive(
        path, [_Counted(before, 0, total, progress),
               _Counted(again, len(before), total, progress)],
        ground_truth_topic=GROUND_TRUTH_TOPIC,
    )
