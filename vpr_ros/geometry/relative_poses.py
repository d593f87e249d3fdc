# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Relative poses along a drive: keeps what the present images show, stores it with each place.

Features are only made of images that become a place or are recognised; of one image once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vpr_ros.errors import VprError
from vpr_ros.geometry.camera_model import CameraModel
from vpr_ros.geometry.features import Depth, Detect, extract, Features, ROOT_SIFT, root_sift
from vpr_ros.geometry.relative_pose import refused, relative_pose, RelativePose
from vpr_ros.place_map.limits import LOCAL_FEATURES
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, ImageArray, Recognition

MOST_VIEWS = 8  # cameras of one moment
NO_CAMERA = "no camera_info has come; remap camera_info to the topic of the camera's calibration"
NOT_STORED = ('the place was stored without local features; build the map with relative_pose and '
              'camera_info')


@dataclass
class _View:
    """One image of the present moment."""

    image: ImageArray
    camera: CameraModel | None
    depth: Callable[[], Depth | None]
    features: Features | None = None
    problem: str = ''


class RelativePoses:
    """The present images of each camera; one thread uses it.

    Args:
        most: features of one image.
        min_inliers: see :func:`vpr_ros.geometry.relative_pose.relative_pose`.
        detect, kind: the detector and its name.
    """

    def __init__(self, *, most: int = 500, min_inliers: int = 20, detect: Detect = root_sift,
                 kind: str = ROOT_SIFT) -> None:
        self._most, self._min_inliers = most, min_inliers
        self._detect, self._kind = detect, kind
        self._views: dict[tuple[int, str], _View] = {}

    def see(
        self, image: ImageArray, stamp_ns: int, frame_id: str, camera: CameraModel | None,
        depth: Callable[[], Depth | None] = lambda: None,
    ) -> None:
        """Take the next image of a camera.

        Args:
            image: uint8 (H, W, 3) RGB.
            stamp_ns, frame_id: name it from now on.
            camera: its calibration; None while that has not come.
            depth: asked when features are made; None where there is none.
        """
        self._views[stamp_ns, frame_id] = _View(image, camera, depth)
        while len(self._views) > MOST_VIEWS:
            del self._views[next(iter(self._views))]

    def parts(self, frame: Frame) -> dict[int, bytes]:
        """Return what a map keeps of an image beside patches; nothing without a calibration."""
        features = self._features(frame.stamp_ns, frame.frame_id)
        return {} if features is None else {LOCAL_FEATURES: features.to_bytes()}

    def find(self, recognition: Recognition, stored: Callable[[int], bytes]) -> RelativePose:
        """Find the pose of the best match's camera in the query's.

        Args:
            recognition: of an image that was seen here; with matches.
            stored: place id -> the bytes that :meth:`parts` gave for it; empty for none.
        """
        query = self._features(recognition.stamp_ns, recognition.frame_id)
        if query is None:
            view = self._views.get((recognition.stamp_ns, recognition.frame_id))
            return refused(view.problem if view else 'the image is gone')
        assert recognition.best is not None
        data = stored(recognition.best.place.place_id)
        if not data:
            return refused(NOT_STORED)
        try:
            match = Features.from_bytes(data)
        except VprError as error:
            return refused(str(error))
        return relative_pose(query, match, min_inliers=self._min_inliers)

    def _features(self, stamp_ns: int, frame_id: str) -> Features | None:
        view = self._views.get((stamp_ns, frame_id))
        if view is None or view.features is not None or view.problem:
            return None if view is None else view.features
        if view.camera is None:
            view.problem = NO_CAMERA
            return None
        try:
            view.features = extract(view.image, view.camera, view.depth(), most=self._most,
                                    detect=self._detect, kind=self._kind)
        except VprError as error:
            view.problem = str(error)
        return view.features


def relative_poses_of(settings: Settings) -> RelativePoses | None:
    """Make what the settings ask for; None when relative_pose is off.

    Raises:
        ModelError: the network in local_features cannot be used.
    """
    if not settings.relative_pose:
        return None
    numbers = {'most': settings.relative_pose_features,
               'min_inliers': settings.relative_pose_min_inliers}
    if not settings.local_features:
        return RelativePoses(**numbers)
    from vpr_ros.geometry.onnx_features import OnnxFeatures  # noqa: PLC0415 - only where asked for

    network = OnnxFeatures(settings.local_features, threads=settings.threads)
    return RelativePoses(detect=network, kind=network.kind, **numbers)
