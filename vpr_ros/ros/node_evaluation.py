# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Score the running node on a bag: the same figures as offline, over real topics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vpr_ros.assembly import model_of
from vpr_ros.bags import BagReader
from vpr_ros.building import BagTopics, Cameras, moments_of
from vpr_ros.decision.calibration import Calibration
from vpr_ros.errors import RosError
from vpr_ros.evaluation.about import about
from vpr_ros.evaluation.ground_truth import GroundTruth
from vpr_ros.evaluation.journal import Journal
from vpr_ros.evaluation.replay_result import ReplayResult
from vpr_ros.evaluation.scoring import score
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros.node_process import NodeProcess, use_large_image_profile
from vpr_ros.ros.replay import NodeReplay
from vpr_ros.settings import Settings
from vpr_ros.types import Place

Progress = Callable[[int, int, str], None]


def replay_through_node(
    bag: Path,
    settings: Settings,
    ground_truth: GroundTruth | None,
    *,
    map_path: Path | None = None,
    mapping: bool = True,
    topics: BagTopics | None = None,
    rate: float = 0.0,
    namespace: str = '/vpr_replay',
    progress: Progress | None = None,
) -> ReplayResult:
    """Start the node, play a bag into it, score what it says.

    Args:
        bag: a rosbag2 folder or file.
        settings: of the pipeline; the node gets them as its parameters.
        ground_truth: None gives decisions and latencies without right and wrong.
        map_path: the node's map file; None keeps the map in memory.
        mapping: the node's mode; False is localization.
        topics: see :meth:`NodeReplay.play`.
        rate: 0 for lockstep, else the speed as a multiple of the recorded one.
        namespace: of the node, so that it does not meet one that is already running.
        progress: called with (images sent, images in total, stage).

    Raises:
        RosError: the node could not be started, ended early or left images unanswered.
        DataError, MapError, ModelError: the bag, map or model cannot be used.
    """
    known = _places(map_path)
    topics, cameras = topics or BagTopics(), Cameras(settings)
    with BagReader(bag) as reader:
        rig = cameras.topics(reader, topics)
        topic = next(iter(rig.images.values()))
        compressed = any(
            info.name == topic and info.type.endswith('CompressedImage')
            for info in reader.topics()
        )
    parameters = {
        **settings.as_dict(),
        'mode': 'mapping' if mapping else 'localization',
        'map_path': '' if map_path is None else str(map_path.resolve()),
        'image_transport': 'compressed' if compressed else 'raw',
        'use_odometry': rig.odometry is not None,
        'lockstep': rate <= 0,
    }
    use_large_image_profile()
    with NodeProcess(parameters, namespace=namespace) as process:
        with NodeReplay(process) as replay:
            recognitions = replay.play(
                bag, topics=topics, settings=settings, rate=rate, progress=progress)
            unanswered = replay.unanswered
        log, status = process.last_words(), process.stop()
    if status != 0:
        raise RosError(f'the node ended with status {status} after the replay: {log}')
    if not recognitions or (rate <= 0 and len(unanswered) > len(recognitions)):
        raise RosError(f'the node answered {len(recognitions)} images and left {len(unanswered)} '
                       f'unanswered; its last words: {log}')
    journal = Journal()
    wanted = [r.stamp_ns for r in recognitions if r.place_id or r.accepted or not mapping]
    matched_by = {r.stamp_ns: r.frame_id for r in recognitions}
    journal.see_frames((next((f for f in views if matched_by.get(f.stamp_ns) == f.frame_id),
                             views[0]) for views in moments_of(bag, topics, cameras)), wanted)
    if map_path is not None and known:
        with PlaceMap.open(map_path, read_only=True) as place_map:
            matched = {m.place.place_id for r in recognitions for m in r.matches}
            journal.see_map(place_map, [p.place_id for p in known if p.place_id in matched])
    if ground_truth is not None:
        ground_truth.bind_frames(journal.stamps_ns)
    model = model_of(settings)
    calibration = (Calibration.load(settings.calibration) if settings.calibration
                   else Calibration.of_card(model.card))
    return score(
        recognitions, ground_truth, settings, known_places=known, journal=journal,
        about=about(model), bag=bag.name, calibration_source=calibration.source,
    )


def _places(map_path: Path | None) -> list[Place]:
    if map_path is None or not map_path.exists():
        return []
    with PlaceMap.open(map_path, read_only=True) as place_map:
        return place_map.places()
