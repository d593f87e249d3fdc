# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A real node with camera_info and depth: its loop closures say where the match was taken from."""

from __future__ import annotations

import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ros.client import Client, image_message
from sensor_msgs.msg import CameraInfo, Image

from vpr_msgs.msg import LoopClosureCandidates, PlaceDescriptor
from vpr_ros.cameras.camera_set import CameraSet
from vpr_ros.errors import ConfigError, ImageError
from vpr_ros.geometry.features import Features
from vpr_ros.geometry.inputs import depth_of
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros.depth import PoseInputs
from vpr_ros.ros.geometry import stamp_from_message, stamp_to_message
from vpr_ros.settings import Settings
from vpr_ros.types import Frame

FOCAL, DEPTH_M = 300.0, 5.0
SHIFT_PX = 18  # the query stands 0.3 m to the right of the match: 18 px at 5 m


def wall() -> np.ndarray:
    """Paint a wall with colours that the model sees and corners that features are found at."""
    rng = np.random.default_rng(8)
    coarse = np.kron(rng.integers(30, 180, (3, 5, 3)), np.ones((80, 80, 1)))
    fine = np.kron(rng.integers(0, 70, (48, 80, 1)), np.ones((5, 5, 1)))
    return (coarse + fine).astype(np.uint8)


def camera_info() -> CameraInfo:
    info = CameraInfo(width=320, height=240, distortion_model='plumb_bob', d=[0.0] * 5,
                      k=[FOCAL, 0, 159.5, 0, FOCAL, 119.5, 0, 0, 1])
    info.header.frame_id = 'camera'
    return info


def depth_message(stamp_ns: int, encoding: str) -> Image:
    values = np.full((240, 320), DEPTH_M, np.float32)
    if encoding == '16UC1':
        values = (values * 1000).astype(np.uint16)
    data = array.array('B', values.tobytes())
    message = Image(height=240, width=320, encoding=encoding, step=320 * values.itemsize,
                    data=data)
    message.header.stamp, message.header.frame_id = stamp_to_message(stamp_ns), 'camera'
    return message


def show(client: Client, left: int, *, after_s: float, encoding: str = '') -> Any:
    """Send an image of the wall, its calibration, and its depth first."""
    stamp_ns = client.advance(after_s)
    client.publisher(CameraInfo, 'camera_info').publish(camera_info())
    if encoding:
        client.publisher(Image, 'depth').publish(depth_message(stamp_ns, encoding))
    picture = wall()[:240, left:left + 320]
    return client.send(image_message(picture, stamp_ns))


def test_relative_pose_of_a_running_node(start: Any, folder: Path) -> None:
    path = folder / 'relative.vprmap'
    # lockstep: nothing is lost on the way, and a depth image is waited for
    with start(map_path=str(path), relative_pose=True, lockstep=True, min_similarity=0.2,
               recent_time_s=5.0,
               keyframe_standstill=0.0, context_keyframes=0) as client:
        client.wait_until_active()
        closures = client.collect(LoopClosureCandidates, 'loop_closures')
        descriptors = client.collect(PlaceDescriptor, '~/descriptor')
        first = show(client, 0, after_s=1.0, encoding='16UC1')
        assert first.added_to_map
        second = show(client, SHIFT_PX, after_s=60.0, encoding='32FC1')
        third = show(client, SHIFT_PX, after_s=60.0)
        stamps = [stamp_from_message(answer.header.stamp) for answer in (second, third)]
        with_depth, without = (closures.get(
            lambda m, at=at: stamp_from_message(m.header.stamp) == at).candidates[0]
            for at in stamps)
        assert with_depth.match_id == first.query_id
        assert with_depth.has_relative_pose and not with_depth.relative_pose_up_to_scale
        position = with_depth.match_pose_in_query.pose.position
        np.testing.assert_allclose([position.x, position.y, position.z], [-0.3, 0, 0], atol=0.05)
        assert with_depth.match_pose_in_query.pose.orientation.w > 0.9999
        covariance = with_depth.match_pose_in_query.covariance.reshape(6, 6)
        assert 0 < covariance[0, 0] < 0.05**2
        # the depth that the map keeps is enough
        assert without.has_relative_pose and not without.relative_pose_up_to_scale
        assert 'metric from' in without.relative_pose_text
        described = descriptors.get()
        assert len(described.descriptor) > 8
        assert np.linalg.norm(described.descriptor) == pytest.approx(1, abs=1e-3)
        assert client.stop() == 0
    with PlaceMap.open(path, read_only=True) as place_map:
        features = Features.from_bytes(place_map.local_features(1))
        assert len(features) > 100 and np.nanmedian(features.depth_m) == pytest.approx(DEPTH_M)
        assert not place_map.patches(1) and not place_map.info().has_patches


def test_a_stereo_pair_gives_metres_without_a_depth_image(start: Any, folder: Path) -> None:
    disparity = 12  # 0.2 m apart, 5 m from the wall
    with start(map_path=str(folder / 'stereo.vprmap'), relative_pose=True, stereo=True,
               lockstep=True, min_similarity=0.2, recent_time_s=5.0, keyframe_standstill=0.0,
               context_keyframes=0) as client:
        client.wait_until_active()
        closures = client.collect(LoopClosureCandidates, 'loop_closures')
        right_info = camera_info()
        right_info.header.frame_id = 'right'

        def show_pair(left: int) -> Any:
            for name, shift in (('', 0.0), ('right/', -FOCAL * 0.2)):
                info = camera_info() if not name else right_info
                info.p = [FOCAL, 0.0, 159.5, shift, 0.0, FOCAL, 119.5, 0.0, 0.0, 0.0, 1.0, 0.0]
                client.publisher(CameraInfo, f'{name}camera_info').publish(info)
            stamp_ns = client.advance(30.0)
            picture = wall()[:240, left + disparity:left + disparity + 320]
            client.publisher(Image, 'right/image').publish(image_message(picture, stamp_ns))
            return client.send(image_message(wall()[:240, left:left + 320], stamp_ns))

        first, second = show_pair(0), show_pair(SHIFT_PX)
        assert first.added_to_map
        closure = closures.get(lambda m: m.header.stamp == second.header.stamp).candidates[0]
        assert closure.has_relative_pose, closure.relative_pose_text
        assert not closure.relative_pose_up_to_scale, closure.relative_pose_text
        position = closure.match_pose_in_query.pose.position
        np.testing.assert_allclose([position.x, position.y, position.z], [-0.3, 0, 0], atol=0.05)


def test_depth_messages_are_checked() -> None:
    np.testing.assert_allclose(depth_of(depth_message(0, '16UC1')), DEPTH_M)
    big = depth_message(0, '16UC1')
    big.is_bigendian, big.data = 1, array.array(
        'B', np.full((240, 320), 5000, '>u2').tobytes())
    np.testing.assert_allclose(depth_of(big), DEPTH_M)
    short = depth_message(0, '32FC1')
    short.height = 241
    colour = depth_message(0, '32FC1')
    colour.encoding = 'rgb8'
    for wrong in (short, colour):
        with pytest.raises(ImageError):
            depth_of(wrong)
    with pytest.raises(ConfigError, match='leave one out'):
        CameraSet(Settings(relative_pose=True, rectify=True))
    with pytest.raises(ConfigError, match='for a robot with one pair'):
        CameraSet(Settings(stereo=True, cameras=['front:0', 'rear:180']))


def frame(stamp_ns: int, frame_id: str = 'camera') -> Frame:
    return Frame(np.zeros((240, 320, 3), np.uint8), stamp_ns, frame_id)


def test_depth_is_found_by_stamp() -> None:
    inputs = PoseInputs()
    assert inputs.measure(frame(10)) is None and inputs.camera('camera') is None
    inputs.add_depth(depth_message(1_000_000_000, '32FC1'))
    assert inputs.measure(frame(1_010_000_000)) is not None
    assert inputs.measure(frame(1_100_000_000)) is None
    inputs.add_camera_info(camera_info())
    assert inputs.camera('other') is not None  # the only camera
    several = PoseInputs(single=False)
    several.add_camera_info(camera_info())
    several.add_depth(depth_message(1_000_000_000, '32FC1'))
    assert several.measure(frame(1_000_000_000, 'other')) is None
    assert several.measure(frame(1_000_000_000)) is not None
    assert several.camera('other') is None and several.camera('camera') is not None
    inputs.add_camera_info(CameraInfo())
    assert 'no calibration' in inputs.problem
