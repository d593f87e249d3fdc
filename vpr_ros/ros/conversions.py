# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recognitions and map facts as messages, and recognitions back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
import math
from typing import Any

from vpr_msgs.msg import (
    LoopClosureCandidate,
    LoopClosureCandidates,
    PlaceMatch,
    SessionInfo,
)
from vpr_msgs.msg import MapInfo as MapInfoMessage
from vpr_msgs.msg import Recognition as RecognitionMessage
from vpr_ros.geometry.relative_pose import RelativePose
from vpr_ros.place_map import PlaceMap, Session
from vpr_ros.ros.geometry import (
    pose_from_message,
    pose_to_message,
    stamp_from_message,
    stamp_to_message,
)
from vpr_ros.types import Match, Place, Reason, Recognition, SpatialEvidence


@dataclass(frozen=True)
class Context:
    """What a message says beyond the recognition itself.

    Attributes:
        session_name: session id -> its name in the map.
        robot: name of this robot.
        session_robot: session id -> name of the robot that drove it, as the map says.
        match_yaw_rad: optical frames of query and match -> heading of the map's robot in the frame
            of the robot now; None when it is not known.
        own_session_id: the session that this robot records; 0 for none.
        map_uuid: identity of the map that was asked.
        model_name: the model that described the query.
    """

    session_name: Callable[[int], str] = str
    robot: str = ''
    own_session_id: int = 0
    map_uuid: str = ''
    model_name: str = ''
    session_robot: Callable[[int], str] = lambda _: ''
    match_yaw_rad: Callable[[str, str], float | None] = lambda *_: None

    def robot_of(self, place: Place) -> str:
        """Name of the robot that took a place, as far as it is known."""
        if place.session_id == self.own_session_id:
            return self.robot
        return self.session_robot(place.session_id)


def recognition_to_message(recognition: Recognition, context: Context) -> RecognitionMessage:
    """One recognition with all its evidence."""
    message = RecognitionMessage()
    message.header.stamp = stamp_to_message(recognition.stamp_ns)
    message.header.frame_id = recognition.frame_id
    message.query_id = recognition.place_id
    message.added_to_map = recognition.place_id > 0
    message.reason = int(recognition.reason)
    message.reason_text = describe(recognition)
    message.probability = float(recognition.probability)
    message.matches = [match_to_message(match, context) for match in recognition.matches]
    message.has_travelled = recognition.travelled_m is not None
    message.travelled_m = float(recognition.travelled_m or 0.0)
    message.stage_names = list(recognition.latency_ms)
    message.stage_ms = [float(value) for value in recognition.latency_ms.values()]
    message.shed_candidates = recognition.shed_candidates
    message.map_uuid, message.model_name = context.map_uuid, context.model_name
    return message


def match_to_message(match: Match, context: Context) -> PlaceMatch:
    """One ranked place with its evidence."""
    place, spatial = match.place, match.spatial
    message = PlaceMatch(
        place_id=place.place_id, stamp=stamp_to_message(place.stamp_ns), frame_id=place.frame_id,
        session=context.session_name(place.session_id), robot=context.robot_of(place),
        similarity=float(match.similarity), outside_similarity=float(match.outside_similarity),
        spatial_score=math.nan, inliers=-1, sequence_support=match.sequence_support,
        sequence_frames=match.sequence_frames,
        travelled_m=math.nan if place.travelled_m is None else float(place.travelled_m),
    )
    if spatial is not None:
        message.spatial_score, message.spatial_reason = float(spatial.score), spatial.reason
        message.patch_sizes = list(spatial.scale_scores)
        message.patch_scores = [float(score) for score in spatial.scale_scores.values()]
        message.inliers, message.matches = int(spatial.inliers), int(spatial.matches)
    if place.pose is not None:
        message.has_pose, message.pose = True, pose_to_message(place.pose)
        message.pose_frame_id = place.pose.frame_id
    return message


def closures_to_message(
    recognition: Recognition, context: Context, relative: RelativePose | None = None
) -> LoopClosureCandidates | None:
    """Return the accepted loop closure of a query; None when there is none.

    Args:
        recognition: what the pipeline said.
        context: what messages say beyond it.
        relative: where the match was taken from, as seen from the query; None when not asked for.
    """
    match = recognition.best
    if not recognition.accepted or match is None:
        return None
    evidence = match_to_message(match, context)
    candidate = LoopClosureCandidate(
        match_stamp=evidence.stamp, match_frame_id=evidence.frame_id,
        query_id=recognition.place_id, match_id=evidence.place_id,
        query_robot=context.robot, match_robot=evidence.robot, match_session=evidence.session,
        probability=float(recognition.probability), similarity=evidence.similarity,
        outside_similarity=evidence.outside_similarity, spatial_score=evidence.spatial_score,
        inliers=evidence.inliers, matches=evidence.matches,
        sequence_support=evidence.sequence_support, sequence_frames=evidence.sequence_frames,
        has_map_pose=evidence.has_pose, map_frame_id=evidence.pose_frame_id,
    )
    yaw_rad = context.match_yaw_rad(recognition.frame_id, evidence.frame_id)
    candidate.has_match_yaw, candidate.match_yaw_in_query = yaw_rad is not None, yaw_rad or 0.0
    candidate.match_pose_in_map.pose = evidence.pose
    if relative is not None:
        candidate.relative_pose_text = relative.text
    if relative is not None and relative.query_T_match is not None:
        candidate.has_relative_pose = True
        candidate.relative_pose_up_to_scale = not relative.metric
        candidate.match_pose_in_query.pose = pose_to_message(relative.query_T_match.pose())
        candidate.match_pose_in_query.covariance = relative.covariance.ravel()
    candidate.header.stamp = stamp_to_message(recognition.stamp_ns)
    candidate.header.frame_id = recognition.frame_id
    return LoopClosureCandidates(header=candidate.header, candidates=[candidate])


def recognition_from_message(
    message: Any, session_ids: Mapping[str, int] | None = None
) -> Recognition:
    """Read a recognition as the pipeline gave it, up to the message's float32.

    Args:
        message: a vpr_msgs/Recognition.
        session_ids: name -> id of the map's sessions; unknown names become session 0.
    """
    return Recognition(
        stamp_ns=stamp_from_message(message.header.stamp),
        frame_id=message.header.frame_id,
        matches=tuple(
            match_from_message(match, session_ids or {}, odometry=message.has_travelled)
            for match in message.matches),
        probability=message.probability,
        reason=Reason(message.reason),
        place_id=message.query_id,
        travelled_m=message.travelled_m if message.has_travelled else None,
        latency_ms=dict(zip(message.stage_names, message.stage_ms, strict=True)),
        shed_candidates=message.shed_candidates,
    )


def match_from_message(
    message: Any, session_ids: Mapping[str, int], *, odometry: bool = True
) -> Match:
    """One ranked place; see :func:`recognition_from_message`.

    ``odometry``: whether the query has a travelled distance.
    """
    pose = pose_from_message(message.pose, message.pose_frame_id) if message.has_pose else None
    travelled = None if math.isnan(message.travelled_m) else message.travelled_m
    spatial = None
    if not math.isnan(message.spatial_score):
        scores = zip(message.patch_sizes, message.patch_scores, strict=True)
        spatial = SpatialEvidence(
            message.spatial_score, message.matches, message.inliers, dict(scores),
            message.spatial_reason,
        )
    place = Place(
        message.place_id, session_ids.get(message.session, 0), stamp_from_message(message.stamp),
        message.frame_id, pose, travelled,
    )
    return Match(
        place, message.similarity, message.outside_similarity, spatial,
        message.sequence_support, message.sequence_frames,
        by_distance=odometry and travelled is not None,
    )


def map_info_to_message(
    place_map: PlaceMap,
    *,
    mode: str = '',
    robot: str = '',
    own_session_id: int = 0,
    frame_id: str = '',
) -> MapInfoMessage:
    """Facts about a map; the caller stamps the header.

    Args:
        place_map: the map, open.
        mode: how a node works with it, '' when none does.
        robot: name of this robot.
        own_session_id: the session that this robot records; 0 for none.
        frame_id: the frame of the map's poses.
    """
    info = place_map.info()
    message = MapInfoMessage(
        path='' if info.path == ':memory:' else info.path, uuid=info.uuid,
        revision=info.revision, mode=mode, read_only=info.read_only,
        model_name=info.model.name, model_sha256=info.model.sha256,
        descriptor_dimension=info.model.dim, has_patches=info.has_patches,
        place_count=info.places, size_bytes=info.bytes.file,
        sessions=[
            SessionInfo(
                session_id=session.session_id, name=session.name, place_count=session.places,
                robot=robot if session.session_id == own_session_id else session.robot,
                first_stamp=stamp_to_message(session.started_ns or 0),
                last_stamp=stamp_to_message(session.ended_ns or 0),
                travelled_m=travelled_m(place_map, session),
            )
            for session in place_map.sessions()
        ],
    )
    message.header.frame_id = frame_id
    return message


def travelled_m(place_map: PlaceMap, session: Session) -> float:
    """Distance from the first to the last place of a session; NaN without odometry."""
    if session.ended_ns is None:
        return math.nan
    ends = (
        place_map.first_id_since(session.session_id),
        place_map.first_id_since(session.session_id, stamp_ns=session.ended_ns),
    )
    first, last = (place_map.place(i).travelled_m if i is not None else None for i in ends)
    return math.nan if first is None or last is None else last - first


def describe(recognition: Recognition) -> str:
    """Name the reason and the figures behind it, in words."""
    match = recognition.best
    if match is None:
        return recognition.reason.name
    spatial = '' if match.spatial is None else f', spatial {match.spatial.score:.2f}'
    return (
        f'{recognition.reason.name}: place {match.place.place_id} with probability '
        f'{recognition.probability:.2f}, similarity {match.similarity:.2f} (elsewhere '
        f'{match.outside_similarity:.2f}){spatial}, sequence {match.sequence_support}/'
        f'{match.sequence_frames}'
    )
