# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the node publishes for a recognition; pictures and markers only while somebody looks."""

from __future__ import annotations

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from visualization_msgs.msg import MarkerArray

from vpr_msgs.msg import Localization as LocalizationMessage
from vpr_msgs.msg import LoopClosureCandidates
from vpr_msgs.msg import MapInfo as MapInfoMessage
from vpr_msgs.msg import Recognition as RecognitionMessage
from vpr_ros.rerank import decode_patches
from vpr_ros.ros import qos
from vpr_ros.ros.conversions import (
    closures_to_message,
    Context,
    map_info_to_message,
    recognition_to_message,
)
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.geometry import stamp_to_message
from vpr_ros.ros.localization import localization_to_message
from vpr_ros.ros.markers import Markers
from vpr_ros.ros.match_image import match_image, MatchedPatches
from vpr_ros.types import Frame, Match, Recognition


class Outputs:
    """The publishers of one node; :meth:`publish` and :meth:`publish_map` run in the worker."""

    def __init__(self, node: Node, engine: Engine) -> None:
        """Create the publishers."""
        self._node, self._engine = node, engine
        create = node.create_publisher
        self._closures = create(LoopClosureCandidates, 'loop_closures', qos.RESULT)
        self._recognition = create(RecognitionMessage, '~/recognition', qos.RESULT)
        self._localization = create(LocalizationMessage, '~/localization', qos.RESULT)
        self._picture = create(CompressedImage, '~/match_image', qos.PICTURE)
        self._marker = create(MarkerArray, '~/markers', qos.PICTURE)
        self._map_info = create(MapInfoMessage, '~/map_info', qos.STATUS)
        self._markers = Markers()
        self._announced: tuple[str, int] | None = None
        self._pose_frames: dict[str, str] = {}

    def destroy(self) -> None:
        """Destroy the publishers."""
        for publisher in (
            self._closures, self._recognition, self._localization, self._picture, self._marker,
            self._map_info,
        ):
            self._node.destroy_publisher(publisher)

    def context(self) -> Context:
        """Return what messages say beyond the recognition itself."""
        engine = self._engine
        return Context(
            session_name=engine.session_name, robot=engine.robot,
            own_session_id=engine.own_session_id, map_uuid=engine.place_map.uuid,
            model_name=engine.model.card.name, session_robot=engine.session_robot,
            match_yaw_rad=(lambda *_: None) if engine.rig is None else engine.rig.match_yaw_rad,
        )

    def publish(self, frame: Frame, recognition: Recognition) -> None:
        """Publish one recognition, first what a SLAM system waits for."""
        context = self.context()
        closures = closures_to_message(
            recognition, context, self._engine.relative_pose(recognition))
        if closures is not None:
            self._closures.publish(closures)
        self._recognition.publish(recognition_to_message(recognition, context))
        localization = self._engine.recognizer.localization
        if localization is not None:
            self._localization.publish(localization_to_message(localization, context))
        self._markers.add(frame.pose, recognition)
        if self._marker.get_subscription_count():
            self._marker.publish(self._markers.message(recognition.stamp_ns))
        if self._picture.get_subscription_count():
            self._picture.publish(self._draw(frame, recognition))

    def forget(self) -> None:
        """Remove the markers: time jumped, or the map is another."""
        self._markers.reset()
        if self._marker.get_subscription_count():
            self._marker.publish(self._markers.deletion(self._node.get_clock().now().to_msg()))

    def map_info(self) -> MapInfoMessage:
        """Facts about the map in use."""
        engine = self._engine
        message = map_info_to_message(
            engine.place_map, mode=engine.mode, robot=engine.robot,
            own_session_id=engine.own_session_id, frame_id=self._pose_frame(),
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        return message

    def publish_map(self) -> None:
        """Publish the facts about the map when they have changed."""
        place_map = self._engine.place_map
        state = f'{place_map.uuid} {place_map.path}', place_map.revision
        if state != self._announced:
            self._map_info.publish(self.map_info())
            self._announced = state

    def _draw(self, frame: Frame, recognition: Recognition) -> CompressedImage:
        match = recognition.best
        stored = self._engine.place_map.thumbnail(match.place.place_id) if match else b''
        message = CompressedImage(format='jpeg')
        message.header.stamp = stamp_to_message(recognition.stamp_ns)
        message.header.frame_id = recognition.frame_id
        message.data = match_image(frame.image, stored, recognition, self._patches(frame, match))
        return message

    def _patches(self, frame: Frame, match: Match | None) -> MatchedPatches | None:
        """Find what joins a query and its match; None where the match was not re-ranked.

        The query is described once more, since no recognition carries patches: that costs only
        while somebody looks.
        """
        if match is None or match.spatial is None:
            return None
        model, place_map = self._engine.model, self._engine.place_map
        return MatchedPatches(
            model.describe(frame.image).patches,
            decode_patches(place_map.patches(match.place.place_id)),
            (model.card.height, model.card.width),
        )

    def _pose_frame(self) -> str:
        """Return the frame of the map's poses, '' without; the first place with a pose speaks."""
        place_map = self._engine.place_map
        known = self._pose_frames.get(place_map.uuid)
        if known is None and place_map.info().bounding_box_m is not None:
            poses = (place.pose for place in place_map.places())
            known = next(pose.frame_id for pose in poses if pose)
            self._pose_frames[place_map.uuid] = known
        return known or ''
