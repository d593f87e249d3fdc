# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How soon a robot that wakes up in a map finds its place: a drive replayed from many starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vpr_ros.pipeline import Described, PlaceRecognizer
from vpr_ros.relocalization import Localization
from vpr_ros.types import Frame


@dataclass(frozen=True)
class Waking:
    """What became of one start.

    Attributes:
        start: number of the frame with which the robot woke up.
        found_s, found_m: time and distance to the first right confident answer; None for none.
        confident: frames at which the robot said that it knew its place.
        false: those of them at which it was wrong.
    """

    start: int
    found_s: float | None
    found_m: float | None
    confident: int
    false: int


def wake(
    recognizer: PlaceRecognizer, frames: Sequence[Frame], described: Sequence[Described],
    *, starts: Sequence[int], right: Callable[[int, Localization], bool], most_m: float,
) -> list[Waking]:
    """Let the robot wake up at several frames of a drive, knowing nothing each time.

    Args:
        recognizer: in a map that does not grow, following the belief
            (:meth:`PlaceRecognizer.relocalize`).
        frames: of the drive, in order, with the distance travelled.
        described: of each frame.
        starts: numbers of the frames to wake up at.
        right: whether a localization names the place where a frame was taken.
        most_m: how far the robot drives after each start.
    """
    results = []
    for start in starts:
        recognizer.reset()
        first, found_s, found_m, confident, false = frames[start], None, None, 0, 0
        for number in range(start, len(frames)):
            frame = frames[number]
            metres = (frame.travelled_m or 0.0) - (first.travelled_m or 0.0)
            if metres > most_m:
                break
            recognizer.process(frame, described[number])
            localization = recognizer.localization
            if localization is None or localization.lost:
                continue
            confident += 1
            if not right(number, localization):
                false += 1
            elif found_s is None:
                found_s, found_m = (frame.stamp_ns - first.stamp_ns) * 1e-9, metres
        results.append(Waking(start, found_s, found_m, confident, false))
    return results


def summary(wakings: Sequence[Waking]) -> str:
    """In one line."""
    times = [waking.found_s for waking in wakings if waking.found_s is not None]
    ways = [waking.found_m for waking in wakings if waking.found_m is not None]
    text = f'found {len(times)} of {len(wakings)} times'
    if times:
        text += (f', after {np.median(times):.1f} s and {np.median(ways):.1f} m (median; at worst '
                 f'{max(times):.1f} s and {max(ways):.1f} m)')
    confident, false = (sum(getattr(w, name) for w in wakings) for name in ('confident', 'false'))
    return f'{text}; {false} of {confident} confident answers were false'
