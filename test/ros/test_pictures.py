# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Markers and match images: what a person sees."""

from __future__ import annotations

import cv2
from helpers import place_image
import numpy as np
import pytest
from rerank.patch_sets import look, scene
from visualization_msgs.msg import Marker

from vpr_ros.rerank import drawing
from vpr_ros.rerank.codes import encode
from vpr_ros.ros.markers import AMBER, CLOSURES, GREEN, Markers, shade, TRAJECTORY_POINTS
from vpr_ros.ros.match_image import BAR_PX, LINES_HEIGHT_PX, match_image, MatchedPatches
from vpr_ros.thumbnails import thumbnail
from vpr_ros.types import Match, Place, Pose, Reason, Recognition, SpatialEvidence


def recognition(reason: Reason, x_m: float | None = 0.0) -> Recognition:
    pose = None if x_m is None else Pose((x_m, 0.0, 0.0), frame_id='odom')
    return Recognition(5, 'camera', (Match(Place(1, 1, 0, pose=pose), 0.9),), 0.9, reason)


def drawn(markers: Markers) -> dict[str, Marker]:
    return {marker.ns: marker for marker in markers.message(7).markers}


def test_lines_lead_from_the_robot_to_the_place() -> None:
    markers = Markers()
    assert drawn(markers) == {}
    for x in range(3):
        markers.add(Pose((float(x), 1.0, 0.0), frame_id='odom'), recognition(Reason.NO_MAP, None))
    markers.add(Pose((3.0, 1.0, 0.0), frame_id='odom'), recognition(Reason.ACCEPTED))
    markers.add(Pose((4.0, 1.0, 0.0), frame_id='odom'), recognition(Reason.AMBIGUOUS, 0.5))
    found = drawn(markers)
    assert [p.x for p in found['trajectory'].points] == [0, 1, 2, 3, 4]
    closures, rejected = found['loop_closures'], found['rejected']
    assert [(p.x, p.y) for p in closures.points] == [(3, 1), (0, 0)]
    assert [(p.x, p.y) for p in rejected.points] == [(4, 1), (0.5, 0)]
    assert (closures.color, rejected.color) == (GREEN, AMBER)
    assert closures.colors == [shade(GREEN, 0.9)] * 2
    assert rejected.colors == [shade(AMBER, 0.9)] * 2
    assert found['decision'].text == 'AMBIGUOUS 0.90'
    assert (found['decision'].pose.position.x, found['decision'].action) == (4, Marker.ADD)
    assert {(m.header.frame_id, m.header.stamp.nanosec) for m in found.values()} == {('odom', 7)}
    markers.add(Pose((5.0, 1.0, 0.0), frame_id='odom'), recognition(Reason.ACCEPTED))
    assert drawn(markers)['rejected'].action == Marker.DELETE  # it was of the query before
    markers.reset()
    assert drawn(markers) == {}


def test_what_is_more_probable_is_brighter_and_never_black() -> None:
    values = [shade(GREEN, p).g for p in (-1.0, 0.0, 0.5, 1.0, 2.0)]
    assert values == sorted(values)
    assert 0.2 < values[0] == values[1] < values[2] < values[3] == values[4]
    assert shade(GREEN, 1.0) == GREEN


def test_markers_are_bounded_and_a_standing_robot_adds_none() -> None:
    markers = Markers()
    for _ in range(10):
        markers.add(Pose((0.0, 0.0, 0.0), frame_id='odom'), recognition(Reason.NO_MAP, None))
    assert drawn(markers)['trajectory'].action == Marker.DELETE  # one point is no line
    for i in range(TRAJECTORY_POINTS + 50):
        markers.add(Pose((float(i), 0.0, 0.0), frame_id='odom'), recognition(Reason.ACCEPTED))
    found = drawn(markers)
    assert len(found['trajectory'].points) == TRAJECTORY_POINTS
    assert len(found['loop_closures'].points) == 2 * CLOSURES


def test_without_odometry_there_is_nothing_to_draw() -> None:
    markers = Markers()
    markers.add(None, recognition(Reason.ACCEPTED))
    assert drawn(markers) == {}


@pytest.mark.parametrize(('reason', 'green'), [(Reason.ACCEPTED, True), (Reason.AMBIGUOUS, False)])
def test_query_and_match_stand_side_by_side(reason: Reason, green: bool) -> None:
    query, stored = place_image(1, height=480, width=640), place_image(2)
    jpeg = match_image(query, thumbnail(stored, 320), recognition(reason))
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].astype(int)
    assert shown.shape == (268, 640, 3)
    left = cv2.resize(query, (320, 240), interpolation=cv2.INTER_AREA).astype(int)
    right = cv2.resize(stored, (320, 240)).astype(int)
    assert abs(shown[:240, :320] - left).mean() < 10
    assert abs(shown[:240, 320:] - right).mean() < 20
    bar = np.median(shown[240:].reshape(-1, 3), axis=0)
    assert (bar[1] > bar[0] + 50) == green


def test_matched_patches_are_joined_where_the_match_was_re_ranked() -> None:
    grid, input_size = (8, 10), (144, 176)
    patches = look(scene(1), 2, 2, grid)
    image = np.full((*input_size, 3), 90, np.uint8)
    spatial = SpatialEvidence(1.0, 80, 80, {2: 1.0})
    found = Recognition(5, 'camera', (Match(Place(1, 1, 0), 0.9, spatial=spatial),), 0.9,
                        Reason.ACCEPTED)
    pictures = [
        cv2.imdecode(np.frombuffer(match_image(image, jpeg, found, lines), np.uint8),
                     cv2.IMREAD_COLOR)
        for jpeg in (thumbnail(image, 320), b'')
        for lines in (None, MatchedPatches({2: patches}, {2: encode(patches)}, input_size))
    ]
    plain, joined, *without_thumbnail = pictures
    green = [int(((p[:240, ..., 1] > 140) & (p[:240, ..., 2] < 110)).sum())
             for p in (plain, joined)]
    assert green[0] == 0 and green[1] > 500
    assert joined.shape[0] == LINES_HEIGHT_PX + drawing.BAR_PX + BAR_PX
    assert [p.shape for p in without_thumbnail] == [plain.shape] * 2  # nothing to draw on


def test_without_a_match_the_right_half_is_empty() -> None:
    nothing = Recognition(5, 'camera', (), 0.0, Reason.NO_MAP)
    jpeg = match_image(place_image(1), b'', nothing)
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown[:240, shown.shape[1] // 2 + 5:].std() < 2
