# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The topic ``~/descriptor``: what each image looks like, while somebody subscribes."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node

from vpr_msgs.msg import PlaceDescriptor
from vpr_ros.ros import qos
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.geometry import pose_to_message, stamp_to_message
from vpr_ros.types import Frame, Recognition

Publish = Callable[[Frame, Recognition], None]


class DescriptorOutput:
    """The publisher of one node; used in the worker's thread."""

    def __init__(self, node: Node, engine: Engine) -> None:
        """Create it."""
        self._node, self._engine = node, engine
        self._publisher = node.create_publisher(PlaceDescriptor, '~/descriptor', qos.RESULT)

    def destroy(self) -> None:
        """Destroy it."""
        self._node.destroy_publisher(self._publisher)

    def after(self, publish: Publish) -> Publish:
        """Publish the descriptor after everything else.

        The image is described once more, since no recognition carries its descriptor: that costs
        only while somebody subscribes.
        """
        def both(frame: Frame, recognition: Recognition) -> None:
            publish(frame, recognition)
            if self._publisher.get_subscription_count():
                self._publisher.publish(self.message(frame, recognition))

        return both

    def message(self, frame: Frame, recognition: Recognition) -> PlaceDescriptor:
        """Make a vpr_msgs/PlaceDescriptor; place_id is 0 for an image that became no place."""
        engine = self._engine
        found = engine.model.describe(engine.model.prepare(frame.image), patches=False)
        message = PlaceDescriptor(
            place_id=recognition.place_id, robot=engine.robot,
            session=engine.session_name(engine.own_session_id),
            model_sha256=engine.model.card.sha256, descriptor=found.global_descriptor,
            has_pose=frame.pose is not None)
        message.header.stamp = stamp_to_message(frame.stamp_ns)
        message.header.frame_id = frame.frame_id
        if frame.pose is not None:
            message.pose, message.pose_frame_id = pose_to_message(frame.pose), frame.pose.frame_id
        return message
