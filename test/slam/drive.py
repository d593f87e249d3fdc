# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A drive of two laps through the real pipeline, as the node would publish it."""

from __future__ import annotations

from functools import cache
import math
from pathlib import Path
import tempfile
from typing import Any, NamedTuple

from helpers import place_image, tiny_model
import numpy as np

from vpr_ros.assembly import open_recognizer
from vpr_ros.geometry.relative_pose import RelativePose
from vpr_ros.geometry.rigid import exp, Transform
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.ros.conversions import closures_to_message, Context, recognition_to_message
from vpr_ros.ros.localization import localization_to_message
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Pose

PLACES = 24
STEP_M = 4.0
START_NS = 1_700_000_000_123_456_789
SECOND = 1_000_000_000
COVARIANCE = np.diag([0.01, 0.02, 0.03, 1e-4, 2e-4, 3e-4]) + 1e-5
BASE_T_CAMERA = Transform(np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]]),
                          np.array([0.3, 0.1, 0.8]))
IN_BASE = [0.3, 0.1, 0.8, -0.5, 0.5, -0.5, 0.5]  # the same as seven numbers


class Moment(NamedTuple):
    """One image of the drive.

    Attributes:
        stamp_ns: of it.
        base: true pose of the base in the map.
        closures: vpr_msgs/LoopClosureCandidates or None.
        recognition: vpr_msgs/Recognition.
        localization: vpr_msgs/Localization of a robot that follows where it is, or None.
    """

    stamp_ns: int
    base: Transform
    closures: Any
    recognition: Any
    localization: Any = None


def base_at(index: int) -> Transform:
    """Where the robot is: a circle, and on the second lap half a metre beside it."""
    angle = 2 * math.pi * (index % PLACES) / PLACES
    radius = STEP_M * PLACES / (2 * math.pi) + (0.5 if index >= PLACES else 0.0)
    heading = angle + math.pi / 2 + (0.05 if index >= PLACES else 0.0)
    return Transform(exp(np.array([0, 0, heading])),
                     np.array([radius * math.cos(angle), radius * math.sin(angle), 0.0]))


@cache
def drive() -> tuple[Moment, ...]:
    """Drive two laps; the second recognises the first, with the true pose of each match."""
    with tempfile.TemporaryDirectory() as folder:
        recognizer = open_recognizer(_settings(folder), session='drive', robot='a')
        moments = [_moment(recognizer, index, 'a') for index in range(2 * PLACES)]
        recognizer.place_map.close()
    return tuple(moments)


@cache
def awakening() -> tuple[Moment, ...]:
    """Wake in the map of the first lap and drive the second, which does not grow it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(folder)
        mapper = open_recognizer(settings, session='drive', robot='a')
        for index in range(PLACES):
            _moment(mapper, index, 'a')
        recognizer = PlaceRecognizer(mapper.model, mapper.place_map, settings, mapping=False)
        recognizer.relocalize()
        moments = [_moment(recognizer, index, 'a') for index in range(PLACES, 2 * PLACES)]
        mapper.place_map.close()
    return tuple(moments)


def _settings(folder: str) -> Settings:
    model = tiny_model(Path(folder))
    return Settings(model=str(model), keyframe_distance_m=1.0, context_keyframes=0,
                    min_sequence_support=0.0, min_probability=0.0, min_similarity=0.9)


def _moment(recognizer: PlaceRecognizer, index: int, robot: str) -> Moment:
    """Process one image and make the messages that the node would."""
    context = Context(session_name=lambda _: 'drive', robot=robot, own_session_id=1,
                      map_uuid='', model_name='tiny', session_robot=lambda _: robot)
    base = base_at(index)
    frame = Frame(place_image(index % PLACES), START_NS + index * SECOND, 'camera',
                  base.pose('map'), index * STEP_M)
    found = recognizer.process(frame)
    relative = None
    if found.accepted and found.best is not None:
        moment = (found.best.place.stamp_ns - START_NS) // SECOND
        camera = (base @ BASE_T_CAMERA).inverse() @ base_at(moment) @ BASE_T_CAMERA
        relative = RelativePose(camera, COVARIANCE, True, 100, 120, 'metric')
    where = recognizer.localization
    return Moment(frame.stamp_ns, base, closures_to_message(found, context, relative),
                  recognition_to_message(found, context),
                  None if where is None else localization_to_message(where, context))


def truth(query_ns: int, match_ns: int) -> Transform:
    """Pose of the base at one stamp in the base at another."""
    query, match = (base_at((at - START_NS) // SECOND) for at in (query_ns, match_ns))
    return query.inverse() @ match


def of_message(found: Any) -> Transform:
    """Read a geometry_msgs/Pose."""
    p, q = found.position, found.orientation
    return Transform.of_pose(Pose((p.x, p.y, p.z), (q.x, q.y, q.z, q.w)))
