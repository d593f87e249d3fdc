# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ground truth for a bag: a file beside it, or one of its own topics."""

from __future__ import annotations

from pathlib import Path

from vpr_ros.bags import BagReader
from vpr_ros.errors import DataError
from vpr_ros.evaluation.ground_truth import GroundTruth
from vpr_ros.evaluation.ground_truth_files import ground_truth_of_poses, load_ground_truth

RENDERED_TOPIC = '/ground_truth/pose'  # written by the rendered world


def ground_truth_of_bag(
    bag: Path,
    source: str | None,
    *,
    image_topic: str | None = None,
    radius_m: float = 5.0,
    heading_deg: float | None = 45.0,
    tolerance_frames: float = 15.0,
) -> GroundTruth | None:
    """Find the ground truth of a bag, ready to compare stamps.

    Args:
        bag: a rosbag2 folder or file.
        source: a file (see :func:`load_ground_truth`) or a topic of the bag with poses: odometry,
            PoseStamped, TransformStamped or NavSatFix; None takes ``/ground_truth/pose`` where
            the bag has it.
        image_topic: the camera whose images are numbered by ground truth of laps.
        radius_m, heading_deg, tolerance_frames: see :func:`load_ground_truth`.

    Returns:
        None when no source was given and the bag has none.

    Raises:
        DataError: the source is neither a file nor a topic of poses, or cannot be read.
    """
    with BagReader(bag, image_topic=image_topic) as reader:
        topics = {info.name for info in reader.topics()}
        if source is None:
            if RENDERED_TOPIC not in topics:
                return None
            source = RENDERED_TOPIC
        if source in topics:
            return ground_truth_of_poses(
                reader.poses(source), radius_m=radius_m, heading_deg=heading_deg)
        if not Path(source).exists():
            raise DataError(
                f'the ground truth {source!r} is neither a file nor a topic of {reader.name}; '
                f'its topics: {", ".join(sorted(topics)) or "none"}'
            )
        truth = load_ground_truth(source, radius_m=radius_m, heading_deg=heading_deg,
                                  tolerance_frames=tolerance_frames)
        if truth.needs_frames:
            truth.bind_frames([image.stamp_ns for image in reader.images()])
        return truth
