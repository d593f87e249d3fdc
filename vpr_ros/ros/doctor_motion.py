# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stamps, clock, odometry and calibration: what must fit the images."""

from __future__ import annotations

from collections.abc import Sequence
import itertools
import time
from typing import Any

from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock

from vpr_ros.doctor import Finding, SetUp
from vpr_ros.doctor.finding import error, ok, warning
from vpr_ros.ros.diagnostics import FOREIGN_CLOCK_MS
from vpr_ros.ros.doctor_graph import Graph
from vpr_ros.ros.geometry import stamp_from_message

BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
Received = Sequence[tuple[float, Any]]


def check_clock(graph: Graph, set_up: SetUp) -> tuple[list[Finding], int | None]:
    """Look at the clock that the node takes its time from.

    Returns:
        What was found, and now in nanoseconds of that clock; None when it stands.
    """
    publishers = graph.node.count_publishers('/clock')
    if not set_up.use_sim_time:
        if publishers:
            return [warning('clock', 'somebody publishes /clock, and use_sim_time is false',
                            'set use_sim_time:=true for simulation and for bags played with '
                            '--clock')], time.time_ns()
        return [ok('clock', "use_sim_time is false: the system's clock")], time.time_ns()
    if not publishers:
        return [error('clock', 'use_sim_time is true and nobody publishes /clock: time stands '
                      'still', 'start the simulation, play the bag with --clock, or set '
                      'use_sim_time:=false')], None
    (ticks,) = graph.listen([(Clock, '/clock', BEST_EFFORT)], set_up.listen_s, enough=2)
    stamps = [stamp_from_message(tick.clock) for _, tick in ticks]
    if len(set(stamps)) < 2:
        return [error('clock', f'/clock does not advance in {set_up.listen_s:g} s',
                      'is the simulation or the bag paused?')], None
    return [ok('clock', 'use_sim_time is true and /clock advances')], stamps[-1]


def check_stamps(received: Received, now_ns: int | None) -> list[Finding]:
    """Look at the stamps of the images.

    Args:
        received: image messages with their times of arrival.
        now_ns: of the node's clock; None when it is not known.
    """
    stamps = [stamp_from_message(message.header.stamp) for _, message in received]
    if not stamps:
        return []
    fix = 'let the driver stamp its images; loop closures are keyed by that stamp'
    if not any(stamps):
        return [error('stamps', 'the images have no stamp', fix)]
    if len(stamps) > 1 and len(set(stamps)) == 1:
        return [error('stamps', f'the stamps of {len(stamps)} images are all the same', fix)]
    back = sum(later < earlier for earlier, later in itertools.pairwise(stamps))
    if back:
        return [error('stamps', f'{back} of {len(stamps)} images are older than the one before',
                      'is one topic published by two cameras, or a bag that loops?')]
    if now_ns is not None and abs(now_ns - stamps[-1]) > FOREIGN_CLOCK_MS * 1e6:
        hours = (now_ns - stamps[-1]) / 3.6e12
        where = 'behind' if hours > 0 else 'ahead of'
        return [warning(
            'stamps', f"the stamps are {abs(hours):.1f} hours {where} the node's clock",
            'set use_sim_time:=true and play the bag with --clock, or '
            'set the clock of the camera (ptp)')]
    return [ok('stamps', 'they advance')]


def check_odometry(
    graph: Graph, topic: str, received: Received, images: Received, set_up: SetUp, map_frame: str
) -> list[Finding]:
    """Look at the odometry, its frame and its stamps.

    Args:
        graph: the ROS graph.
        topic: resolved name.
        received: Odometry messages with their times of arrival.
        images: image messages, likewise.
        set_up: of the node.
        map_frame: frame of the map's poses, '' without.
    """
    if not set_up.values['use_odometry']:
        return [ok('odometry', 'use_odometry is false: time stands in for distance')]
    if graph.node.count_publishers(topic) == 0:
        return [warning(
            'odometry', f'nobody publishes {topic}: time stands in for distance, and there are no '
            f'poses and no markers', 'set odom_topic:=<its topic>, or use_odometry: false if the '
            'robot has none')]
    if not received:
        return [warning('odometry', f'nothing arrived on {topic} in {set_up.listen_s:g} s',
                        'is it a nav_msgs/Odometry, and does it run?')]
    message = received[-1][1]
    frame_id = message.header.frame_id
    if not frame_id:
        return [error('odometry', f'{topic} has no frame_id', 'let its publisher name the frame '
                      'of the poses, for example odom')]
    findings = []
    if map_frame and map_frame != frame_id:
        findings.append(warning(
            'frames', f"the map's poses are in {map_frame!r}, the odometry's in {frame_id!r}: "
            f'poses of matches come in {map_frame!r}',
            f'publish odometry in {map_frame!r} (from the SLAM system), or transform what the '
            f'matches give'))
    if images:
        apart_s = abs(stamp_from_message(message.header.stamp)
                      - stamp_from_message(images[-1][1].header.stamp)) / 1e9
        apart_s -= abs(received[-1][0] - images[-1][0])
        timeout_s = float(set_up.values['odometry_timeout_s'])  # type: ignore[arg-type]
        if apart_s > timeout_s:
            findings.append(error(
                'odometry', f'its stamps and those of the images are {apart_s:.1f} s apart, more '
                f'than odometry_timeout_s ({timeout_s:g} s): it is not used',
                'let both be stamped by one clock (ptp, chrony)'))
    return findings or [ok('odometry', f'{topic} in {frame_id!r}')]


def check_calibration(received: Received, images: Received) -> list[Finding]:
    """Compare camera_info with the images, where both are there."""
    if not received or not images or not hasattr(images[-1][1], 'width'):
        return []
    info, image = received[-1][1], images[-1][1]
    if (info.width, info.height) != (image.width, image.height):
        return [warning(
            'camera_info', f'it says {info.width}x{info.height}, the images are '
            f'{image.width}x{image.height}', 'publish the calibration of this resolution')]
    return [ok('camera_info', f'{info.width}x{info.height}, as the images')]
