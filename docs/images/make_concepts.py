# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Renews the pictures of docs/concepts.md: ``python docs/images/make_concepts.py``.

Two drives over the same 140 m of the demo's town, the second on an overcast autumn evening,
through the pipeline with the default model. Written are three places in both lights, and what the
node shows on ``~/match_image`` for a rejected and for an accepted match.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vpr_ros.assembly import open_recognizer
from vpr_ros.demo import DEFAULT, FIRST, PAUSE_NS, SECOND, SPEED_MPS
from vpr_ros.ros.match_image import match_image
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Recognition
from vpr_ros.world import Camera, Drive, World

FOLDER = Path(__file__).parent
LENGTH_M, RATE_HZ = 140.0, 2.0
SHOWN = (6, 24, 42)  # frames of the picture of the two lights
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 82]


def frames(drive: Drive) -> list[Frame]:
    """Every frame with perfect odometry."""
    return [Frame(f.image, f.stamp_ns, 'camera', pose=f.pose, travelled_m=f.travelled_m)
            for f in drive]


def main() -> None:
    """Drive twice, and write the pictures."""
    world, camera = World(seed=0, kind='town'), Camera(480, 360)
    before = Drive(world, FIRST, seed=1, rate_hz=RATE_HZ, speed_mps=SPEED_MPS, camera=camera,
                   length_m=LENGTH_M)
    again = Drive(world, SECOND[DEFAULT], seed=2, rate_hz=RATE_HZ, speed_mps=SPEED_MPS,
                  camera=camera, length_m=LENGTH_M,
                  start_stamp_ns=before.stamp_ns(len(before) - 1) + PAUSE_NS)
    first, second = frames(before), frames(again)
    rows = [np.hstack([lap[number].image for number in SHOWN]) for lap in (first, second)]
    _write('two_lights.jpg', cv2.resize(np.vstack(rows), None, fx=0.6, fy=0.6,
                                        interpolation=cv2.INTER_AREA))
    recognizer = open_recognizer(Settings(provider='cpu'))
    with recognizer.place_map as place_map:
        for frame in first:
            recognizer.process(frame)
        place_map.new_session('evening')
        recognizer.replace_map(place_map)
        shown: dict[bool, tuple[Frame, Recognition]] = {}
        for frame in second:
            answer = recognizer.process(frame)
            print(answer.reason.name, f'{answer.probability:.2f}')
            if answer.best is not None:
                shown.setdefault(answer.accepted, (frame, answer))
        for accepted, (frame, answer) in shown.items():
            assert answer.best is not None
            stored = place_map.thumbnail(answer.best.place.place_id)
            name = 'match_accepted.jpg' if accepted else 'match_rejected.jpg'
            (FOLDER / name).write_bytes(bytes(match_image(frame.image, stored, answer)))


def _write(name: str, image: np.ndarray) -> None:
    cv2.imwrite(str(FOLDER / name), cv2.cvtColor(image, cv2.COLOR_RGB2BGR), QUALITY)


if __name__ == '__main__':
    main()
