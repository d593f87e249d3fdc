# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages with changed fields and changed bytes, on every way that they take into the package.

A recording of one camera goes through what bags and building read it with; its poses go into a
map as corrections, as the node takes them from a SLAM system.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
import math
from pathlib import Path
import random
import struct

import cv2
from fuzz.mutations import mutate_bytes
from fuzz.target import Target
from helpers import place_image
import numpy as np
from place_map.map_helpers import fill, MODEL

from vpr_ros.bags import message_types as types
from vpr_ros.bags import messages
from vpr_ros.bags.moments import moments, RigTopics
from vpr_ros.bags.poses import PoseDecoder
from vpr_ros.bags.storage import RawMessage
from vpr_ros.cameras.lens import CameraModel as LensModel
from vpr_ros.cameras.lens import Rectifier
from vpr_ros.corrections import along, by_name
from vpr_ros.errors import VprError
from vpr_ros.geometry.inputs import camera_of, depth_of, stereo_of
from vpr_ros.place_map import PlaceMap
from vpr_ros.types import Pose

DOUBLES = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1e-12, 1e12, -1.0)
WORDS = (0, 1, 2, 255, 4096, 2**15, 2**31 - 1, 2**31, 2**32 - 1)
HEADER = 4  # bytes of CDR before the first field, which alignment counts from
STEP_NS = 100_000_000
TOPICS = RigTopics({'': '/image'}, '/odom', {'': '/info'}, ('/depth',), '/right_info')


def recording() -> list[RawMessage]:
    """Give a sound recording: camera, its calibration, depth and odometry, 0.1 s apart."""
    picture = place_image(3, height=24, width=32)
    jpeg = cv2.imencode('.jpg', picture)[1].tobytes()
    k = np.array([[30.0, 0.0, 16.0], [0.0, 30.0, 12.0], [0.0, 0.0, 1.0]])
    found = []

    def put(topic: str, stamp_ns: int, kind: str, message: object) -> None:
        raw = bytes(types.serialize(message, kind))
        found.append(RawMessage(topic, stamp_ns, raw, kind))

    for i in range(1, 4):
        stamp_ns = i * STEP_NS
        pose = Pose((float(i), 0.5, 0.0), frame_id='odom')
        lens = [0.1, -0.05, 0.001, 0.001, 0.01]
        info = messages.camera_info(stamp_ns, 'camera', 32, 24, k, lens)
        put('/odom', stamp_ns, types.ODOMETRY, messages.odometry(stamp_ns, 'odom', 'base', pose))
        put('/info', stamp_ns, types.CAMERA_INFO, info)
        put('/right_info', stamp_ns, types.CAMERA_INFO, info)
        depth = messages.image(stamp_ns, 'camera', picture, 'mono8')
        depth.encoding, depth.width, depth.step = '16UC1', 16, 32
        put('/depth', stamp_ns, types.IMAGE, depth)
        if i % 2:
            put('/image', stamp_ns, types.IMAGE,
                messages.image(stamp_ns, 'camera', picture, 'rgb8'))
        else:
            put('/image', stamp_ns, types.COMPRESSED_IMAGE,
                messages.compressed_image(stamp_ns, 'camera', jpeg, 'jpeg'))
    return found


def fisheye(message: RawMessage) -> RawMessage:
    """Give the calibration as that of another lens: four coefficients, no projection."""
    info = types.deserialize(message.raw, message.type)
    info.distortion_model, info.d, info.p = 'equidistant', np.full(4, 0.01), np.zeros(12)
    return message._replace(raw=bytes(types.serialize(info, message.type)))


def change(raw: bytes, choose: random.Random) -> bytes:
    """Put numbers that mean something where fields of their size lie, or change bytes."""
    if choose.random() < 0.3:
        return mutate_bytes(raw, choose)
    data = bytearray(raw)
    for _ in range(choose.choice((1, 1, 2, 6))):
        number = (struct.pack('<d', choose.choice(DOUBLES)) if choose.random() < 0.6
                  else struct.pack('<I', choose.choice(WORDS)))
        if len(data) >= HEADER + len(number):
            # all but pixels lie within the first 512 bytes
            end = min(len(data) - HEADER, 512) // len(number)
            at = HEADER + len(number) * choose.randrange(end)
            data[at:at + len(number)] = number
    return bytes(data)


class Messages(Target):
    """A recording with changed messages: read or refused, and only sound poses reach a map."""

    name = 'message'

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sound = recording()
        self.map = PlaceMap.create(':memory:', MODEL)
        fill(self.map, 4)

    def attempt(self, choose: random.Random) -> str:
        changed = list(self.sound)
        for at, message in enumerate(changed):
            if message.type == types.CAMERA_INFO and choose.random() < 0.5:
                changed[at] = fisheye(message)
        for at in choose.sample(range(len(changed)), choose.choice((1, 1, 2, 5))):
            changed[at] = changed[at]._replace(raw=change(changed[at].raw, choose))
        self.read(changed)
        self.correct(changed, choose)
        return 'read'

    def read(self, changed: list[RawMessage]) -> None:
        """Go through what building does; every image is there or says why not."""
        for moment in moments(changed, TOPICS):
            if moment.pose is not None:
                assert moment.travelled_m is not None
                assert math.isfinite(moment.travelled_m)
                assert_sound(moment.pose)
            for sight in moment.sights.values():
                rgb = sight.image.rgb
                assert (rgb is None) == (sight.image.error is not None)
                if sight.info is not None:
                    self.calibrate(sight.info, sight.right_info, rgb)
                for depth in sight.beside:
                    with suppress(VprError):
                        depth_of(depth)

    def calibrate(self, info: object, right: object, rgb: object) -> None:
        """Use a calibration for everything that takes one."""
        with suppress(VprError):
            camera_of(info)
        with suppress(VprError):
            stereo_of(info, right or info)
        with suppress(VprError):
            rectify = Rectifier(LensModel(
                width=info.width, height=info.height, distortion=info.distortion_model,
                coefficients=tuple(map(float, info.d)), k=tuple(map(float, info.k)),
                r=tuple(map(float, info.r)), p=tuple(map(float, info.p))))
            if rgb is not None:
                rectify(rgb)

    def correct(self, changed: list[RawMessage], choose: random.Random) -> None:
        """Take the poses as corrections; raises VprError where one is none."""
        poses = list(self.poses(changed))
        if choose.random() < 0.5:
            found = along(poses, self.map.places())
        else:
            found, _ = by_name(self.map, ((choose.choice((0, 1, 3, 2**63, 2**64 - 1)), stamp, pose)
                                          for stamp, pose in poses))
        self.map.update_poses(found)
        for place in self.map.places():
            assert place.pose is not None
            assert_sound(place.pose)

    @staticmethod
    def poses(changed: list[RawMessage]) -> Iterator[tuple[int, Pose]]:
        decoder = PoseDecoder()
        for message in changed:
            if message.topic == '/odom' and (found := decoder.decode(message)) is not None:
                yield found


def assert_sound(pose: Pose) -> None:
    """Fail for a pose that nothing could be computed with."""
    assert all(map(math.isfinite, (*pose.position_m, *pose.quaternion_xyzw))), pose
    assert abs(math.hypot(*pose.quaternion_xyzw) - 1.0) < 1e-6, pose
