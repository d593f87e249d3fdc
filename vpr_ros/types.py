# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
# flake8: noqa: A005
"""What flows through the pipeline: shapes, dtypes, units and frames, stated once.

Everything here is frozen. Stamps are nanoseconds since the epoch of the image's own clock,
distances are metres, angles radians, images RGB. Arrays are never modified after construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
ImageArray = NDArray[np.uint8]


class Reason(IntEnum):
    """Why a query was accepted as a loop closure, or why not.

    The values are the constants of ``vpr_msgs/msg/Recognition``; the order is the order in which
    the pipeline asks, so the first that applies is the one that is reported.
    """

    ACCEPTED = 0
    BLANK_IMAGE = 1  # nothing to see: covered lens, darkness, a white wall
    NO_MAP = 2  # the map holds no place yet
    TOO_RECENT = 3  # every place of the map is one the robot has only just left
    LOW_SIMILARITY = 4
    AMBIGUOUS = 5  # another, distant place looks as much like the query
    SPATIALLY_INCONSISTENT = 6  # the patches match, but not in one arrangement
    NO_SEQUENCE_SUPPORT = 7  # the frames before do not lead to the match
    LOW_PROBABILITY = 8  # calibrated probability below min_probability
    DEADLINE = 9  # the time budget ended before re-ranking could confirm the match


@dataclass(frozen=True)
class Pose:
    """A rigid transform: pose of ``child`` in ``frame_id``.

    Attributes:
        position_m: float64 (3,), metres.
        quaternion_xyzw: float64 (4,), unit length, ROS order.
        frame_id: the parent frame, for example ``odom`` or ``map``.
    """

    position_m: tuple[float, float, float]
    quaternion_xyzw: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    frame_id: str = ''

    def distance_m(self, other: Pose) -> float:
        """Euclidean distance to another pose in the same frame, metres."""
        return math.dist(self.position_m, other.position_m)


@dataclass(frozen=True)
class Frame:
    """One image with what is known about where it was taken.

    Attributes:
        image: uint8 (H, W, 3) RGB.
        stamp_ns: the image's own stamp.
        frame_id: the camera's optical frame.
        pose: pose of the robot when the image was taken, from odometry, or None.
        travelled_m: distance travelled since the odometry began, monotonic, or None.
    """

    image: ImageArray
    stamp_ns: int
    frame_id: str = ''
    pose: Pose | None = None
    travelled_m: float | None = None


@dataclass(frozen=True)
class PatchSet:
    """Patch descriptors of one image at one scale.

    Attributes:
        descriptors: float32 (n, d), each row L2-normalised.
        centers_px: float32 (n, 2), x and y of each patch centre in the model's input image.
        grid: (rows, columns) of the patches; n = rows * columns, row-major.
    """

    descriptors: FloatArray
    centers_px: FloatArray
    grid: tuple[int, int]


@dataclass(frozen=True)
class Description:
    """What a model says about one image.

    Attributes:
        global_descriptor: float32 (D,), L2-normalised, before the map's own normalisation.
        patches: patch size -> :class:`PatchSet`; empty when the model has no patch outputs.
    """

    global_descriptor: FloatArray
    patches: Mapping[int, PatchSet] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """One keyframe of the map, without its large parts (descriptor, patches, thumbnail).

    Attributes:
        place_id: unique in the map, ascending in the order of insertion, from 1.
        session_id: the drive it was recorded in.
        stamp_ns: stamp of the image it was made from.
        frame_id: the camera's optical frame.
        pose: pose of the robot as stored, or None.
        travelled_m: distance travelled within the session, or None.
        revisit_of: id of the first place that showed the same spot, when this one was added as
            an accepted loop closure; else 0.
    """

    place_id: int
    session_id: int
    stamp_ns: int
    frame_id: str = ''
    pose: Pose | None = None
    travelled_m: float | None = None
    revisit_of: int = 0


@dataclass(frozen=True)
class SpatialEvidence:
    """What re-ranking found between the query and one candidate.

    Attributes:
        score: in [0, 1], absolute: 1 for identical images, comparable between queries.
        matches: number of mutual nearest neighbours, over all scales.
        inliers: matches that agree with one homography; -1 when it was not checked.
        scale_scores: patch size -> score of that scale.
        reason: '' or why the score is 0 (blank image, collinear matches ...).
    """

    score: float
    matches: int
    inliers: int = -1
    scale_scores: Mapping[int, float] = field(default_factory=dict)
    reason: str = ''


Ranked = tuple[Place, float, SpatialEvidence | None]
"""A candidate: the place, its similarity in [-1, 1], what re-ranking found of it."""


@dataclass(frozen=True)
class Match:
    """One ranked place with the evidence for it.

    Attributes:
        place: the place of the map.
        similarity: cosine of the map-normalised global descriptors, in [-1, 1].
        outside_similarity: the best similarity of any place outside this place's neighbourhood,
            in [-1, 1]; -1 when there is none.
        spatial: what re-ranking found; None when this match was not re-ranked.
        sequence_support: number of earlier frames in the window that lead to this match.
        sequence_frames: number of earlier frames in the window that could have.
        line_similarity: mean similarity of the query and of the earlier frames, each with the
            place at which this match puts it, in [-1, 1]; None when it was not measured.
        by_distance: whether query and place were compared by distance travelled, else by time.
    """

    place: Place
    similarity: float
    outside_similarity: float = -1.0
    spatial: SpatialEvidence | None = None
    sequence_support: int = 0
    sequence_frames: int = 0
    line_similarity: float | None = None
    by_distance: bool = True

    @property
    def margin(self) -> float:
        """Similarity minus the best similarity outside the neighbourhood."""
        return self.similarity - self.outside_similarity


@dataclass(frozen=True)
class Recognition:
    """The answer for one processed frame, accepted or not.

    Attributes:
        stamp_ns: the query image's stamp.
        frame_id: the query camera's optical frame.
        matches: ranked, best first; empty when nothing could be compared.
        probability: that the best match shows the query's place, in [0, 1].
        reason: why it was accepted or rejected.
        place_id: the id under which the query was added to the map; 0 when it was not.
        travelled_m: distance travelled at the query, or None.
        latency_ms: stage name -> milliseconds (describe, search, rerank, decide, map, total).
        shed_candidates: candidates that were not re-ranked because the deadline was near.
    """

    stamp_ns: int
    frame_id: str
    matches: tuple[Match, ...]
    probability: float
    reason: Reason
    place_id: int = 0
    travelled_m: float | None = None
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    shed_candidates: int = 0

    @property
    def accepted(self) -> bool:
        """True when the best match is a loop closure."""
        return self.reason is Reason.ACCEPTED

    @property
    def best(self) -> Match | None:
        """The best match, or None."""
        return self.matches[0] if self.matches else None
