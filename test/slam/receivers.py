# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The receiving systems' message definitions, and messages made, sent and decoded with them.

Only field lists: they are what a message must fit. A message goes through its CDR bytes, as it
would over DDS, so that types, array lengths and nesting are those of the definition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from rosbags.typesys import get_types_from_msg, get_typestore, Stores

from vpr_ros.slam.system import Outgoing, Port

DEFINITIONS = {
    'rtabmap_msgs/msg/Link': """
        int32 from_id
        int32 to_id
        int32 type
        geometry_msgs/Transform transform
        float64[36] information""",
    'rtabmap_msgs/msg/AddLink_Request': 'rtabmap_msgs/Link link',
    'rtabmap_msgs/msg/MapGraph': """
        std_msgs/Header header
        geometry_msgs/Transform map_to_odom
        int32[] poses_id
        geometry_msgs/Pose[] poses
        rtabmap_msgs/Link[] links""",
    'rtabmap_msgs/msg/Info': """
        std_msgs/Header header
        int32 ref_id
        int32 loop_closure_id
        int32 proximity_detection_id
        int32 landmark_id
        geometry_msgs/Transform loop_closure_transform
        int32[] wm_state
        int32[] posterior_keys
        float32[] posterior_values
        int32[] likelihood_keys
        float32[] likelihood_values
        int32[] raw_likelihood_keys
        float32[] raw_likelihood_values
        int32[] weights_keys
        int32[] weights_values
        int32[] labels_keys
        string[] labels_values
        string[] stats_keys
        float32[] stats_values
        int32[] local_path
        int32 current_goal_id
        rtabmap_msgs/MapGraph odom_cache""",
    'rtabmap_msgs/msg/GlobalDescriptor': """
        std_msgs/Header header
        int32 type
        uint8[] info
        uint8[] data""",
    'rtabmap_msgs/msg/Point2f': 'float32 x\nfloat32 y',
    'rtabmap_msgs/msg/Point3f': 'float32 x\nfloat32 y\nfloat32 z',
    'rtabmap_msgs/msg/KeyPoint': """
        rtabmap_msgs/Point2f pt
        float32 size
        float32 angle
        float32 response
        int32 octave
        int32 class_id""",
    'rtabmap_msgs/msg/RGBDImage': """
        std_msgs/Header header
        sensor_msgs/CameraInfo rgb_camera_info
        sensor_msgs/CameraInfo depth_camera_info
        sensor_msgs/Image rgb
        sensor_msgs/Image depth
        sensor_msgs/CompressedImage rgb_compressed
        sensor_msgs/CompressedImage depth_compressed
        rtabmap_msgs/KeyPoint[] key_points
        rtabmap_msgs/Point3f[] points
        uint8[] descriptors
        rtabmap_msgs/GlobalDescriptor global_descriptor""",
    'pose_graph_tools_msgs/msg/PoseGraphNode': """
        std_msgs/Header header
        int32 robot_id
        uint64 key
        geometry_msgs/Pose pose""",
    'pose_graph_tools_msgs/msg/PoseGraphEdge': """
        std_msgs/Header header
        uint64 key_from
        uint64 key_to
        int32 robot_from
        int32 robot_to
        int32 type
        int32 ODOM=0
        int32 LOOPCLOSE=1
        int32 LANDMARK=2
        int32 REJECTED_LOOPCLOSE=3
        int32 MESH=4
        int32 POSE_MESH=5
        int32 MESH_POSE=6
        geometry_msgs/Pose pose
        float64[36] covariance""",
    'pose_graph_tools_msgs/msg/PoseGraph': """
        std_msgs/Header header
        pose_graph_tools_msgs/PoseGraphNode[] nodes
        pose_graph_tools_msgs/PoseGraphEdge[] edges""",
    'pose_graph_tools_msgs/msg/LoopClosures': """
        uint16 publishing_robot_id
        uint16 destination_robot_id
        pose_graph_tools_msgs/PoseGraphEdge[] edges""",
    'cslam_common_interfaces/msg/KeyframeRGB': 'uint32 id\nsensor_msgs/Image image',
    'cslam_common_interfaces/msg/LocalKeyframeMatch': """
        uint32 keyframe0_id
        uint32 keyframe1_id""",
    'cslam_common_interfaces/msg/InterRobotMatch': """
        uint32 robot0_id
        uint32 robot0_keyframe_id
        uint32 robot1_id
        uint32 robot1_keyframe_id
        float32 weight""",
    'cslam_common_interfaces/msg/InterRobotMatches': """
        uint32 robot_id
        cslam_common_interfaces/InterRobotMatch[] matches""",
    'cslam_common_interfaces/msg/GlobalDescriptor': """
        uint32 keyframe_id
        uint32 robot_id
        float64[] descriptor""",
    'cslam_common_interfaces/msg/GlobalDescriptors': """
        cslam_common_interfaces/GlobalDescriptor[] descriptors""",
    'voxgraph_msgs/msg/LoopClosure': """
        builtin_interfaces/Time from_timestamp
        builtin_interfaces/Time to_timestamp
        geometry_msgs/Transform transform
        float64[36] information""",
    'voxgraph_msgs/msg/LoopClosureEdge': """
        builtin_interfaces/Time timestamp_a
        builtin_interfaces/Time timestamp_b
        geometry_msgs/PoseWithCovariance t_a_b""",
    'voxgraph_msgs/msg/LoopClosureEdgeList': """
        std_msgs/Header header
        voxgraph_msgs/LoopClosureEdge[] loop_closure_edges""",
    'vpr_msgs/msg/PlaceDescriptor': """
        std_msgs/Header header
        uint64 place_id
        string robot
        string session
        string model_sha256
        float32[] descriptor
        bool has_pose
        geometry_msgs/Pose pose
        string pose_frame_id""",
}
NUMBERS = {'float64': np.float64, 'float32': np.float32, 'uint8': np.uint8, 'int32': np.int32}


class Receiver:
    """A back end's end of the wire."""

    def __init__(self) -> None:
        self.store = get_typestore(Stores.ROS2_HUMBLE)
        types: dict[str, Any] = {}
        for name, text in DEFINITIONS.items():
            lines = '\n'.join(line.strip() for line in text.strip().splitlines())
            types.update(get_types_from_msg(lines, name))
        self.store.register(types)
        self.received: list[tuple[Port, Any]] = []

    def make(self, type_name: str, /, **fields: Any) -> Any:
        """Make a message; a field that the definition does not have is an error."""
        type_name = type_name.replace('/srv/', '/msg/')  # requests are messages to rosbags
        known = dict(self.store.fielddefs[type_name][1])
        assert set(fields) <= set(known), f'{set(fields) - set(known)} not in {type_name}'
        values = {name: self._value(kind, fields[name]) if name in fields else self._zero(kind)
                  for name, kind in known.items()}
        return self.store.types[type_name](**values)

    def through_the_wire(self, message: Any) -> Any:
        """Make the message from its bytes."""
        name = message.__msgtype__
        return self.store.deserialize_cdr(self.store.serialize_cdr(message, name), name)

    def take(self, outgoing: Outgoing) -> None:
        """Receive what an adapter sends; the type must be that of the port."""
        found = self.through_the_wire(outgoing.message)
        expected = outgoing.port.type_name + ('_Request' if outgoing.port.is_service else '')
        assert found.__msgtype__ == expected.replace('/srv/', '/msg/')
        self.received.append((outgoing.port, found))

    def _value(self, kind: Any, value: Any) -> Any:
        node, detail = kind
        if int(node) in (3, 4) and int(detail[0][0]) == 1 and detail[0][1][0] in NUMBERS:
            array = np.asarray(value, NUMBERS[detail[0][1][0]])
            assert int(node) == 4 or len(array) == detail[1], 'an array of another length'
            return array
        return value

    def _zero(self, kind: Any) -> Any:
        node, detail = kind
        if int(node) == 1:
            return {'string': '', 'bool': False}.get(
                detail[0], 0.0 if detail[0].startswith('float') else 0)
        if int(node) == 2:
            return self.make(detail)
        element, count = detail
        if int(element[0]) == 1 and element[1][0] != 'string':
            return np.zeros(count if int(node) == 3 else 0,
                            NUMBERS.get(element[1][0], element[1][0]))
        return []


def stamp(make: Callable[..., Any], stamp_ns: int) -> Any:
    """Make a stamp of a back end's message."""
    return make('builtin_interfaces/msg/Time', sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)


def header(make: Callable[..., Any], stamp_ns: int) -> Any:
    """Make a header of a back end's message."""
    return make('std_msgs/msg/Header', stamp=stamp(make, stamp_ns), frame_id='base')
