# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node ``slam_adapter``: loop closures in, what one SLAM system takes out."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from vpr_msgs.msg import Localization, LoopClosureCandidates, Recognition
from vpr_ros.errors import ConfigError, VprError
from vpr_ros.geometry.rigid import Transform
from vpr_ros.ros import qos
from vpr_ros.ros.adapters.extrinsics import of_numbers, TfExtrinsics
from vpr_ros.ros.adapters.messages import load, RosMessages
from vpr_ros.ros.conversions import recognition_from_message
from vpr_ros.slam.closure import closure_of
from vpr_ros.slam.relocalisation import Relocalisation, Whereabouts
from vpr_ros.slam.system import LOCALIZATION, Outgoing, Port, RECOGNITION, Setup, System
from vpr_ros.slam.systems import SYSTEMS

SILENT = 20  # recognitions without a word on where the robot is, then somebody is told
# name -> (default, description)
PARAMETERS: dict[str, tuple[Any, str]] = {
    'system': ('', f'The SLAM system: {", ".join(SYSTEMS)}.'),
    'camera_in_base': (Parameter.Type.DOUBLE_ARRAY,
                       'Pose of the optical frame in the robot base: x y z qx qy qz qw.'),
    'base_frame': ('', 'Frame of the robot base: tf then says where the camera is.'),
    'robot': ('', 'Name of this robot, as place_recognition has it.'),
    'robots': (Parameter.Type.STRING_ARRAY,
               'NAME:NUMBER of every robot, for systems that number them.'),
    'max_stamp_difference_s': (0.1, 'A frame of the back end is that of an image when their '
                               'stamps differ no more.'),
    'map_frame': ('map', 'Frame of initialpose; the poses of the map must be in it.'),
    'path': ('', 'The YAML file that the adapter maplab writes.'),
}


class SlamAdapter(Node):
    """See the module; the work is done by :mod:`vpr_ros.slam`."""

    def __init__(self, *, make: Any = None, connect: bool = True, **keywords: Any) -> None:
        """Read the parameters and connect both sides.

        Args:
            make: makes the messages; None loads the installed packages.
            connect: False leaves out the ports of the back end, whose types are then not loaded,
                but not those of place_recognition: a program of one's own sets :attr:`send` and
                calls :meth:`heard`.
            keywords: as for rclpy's Node.

        Raises:
            ConfigError, RosError: a parameter is wrong, or a message package is missing.
        """
        super().__init__('slam_adapter', **keywords)
        for name, (default, description) in PARAMETERS.items():
            self.declare_parameter(
                name, default, ParameterDescriptor(description=description, read_only=True))
        name = str(self._value('system'))
        if name not in SYSTEMS:
            raise ConfigError(f'system is {name[:50]!r}, expected one of {", ".join(SYSTEMS)}')
        self.taken = self.followed = self.sent = 0
        self.send: Callable[[Outgoing], None] = self._send
        self.system = self._make_system(name, make or RosMessages())
        self._extrinsics = self._camera()
        self._publishers_of: dict[Port, Any] = {}
        self._clients_of: dict[Port, Any] = {}
        if connect:
            self._connect()
        for port in self.system.inputs:
            if connect or port.type_name.startswith('vpr_msgs/'):
                self.create_subscription(load(port.type_name), port.name,
                                         functools.partial(self.heard, port), qos.SENSOR)
        self.create_subscription(
            LoopClosureCandidates, 'loop_closures', self._on_closures, qos.RESULT)
        if isinstance(self.system, Relocalisation):
            self._follow(self.system)
        self.get_logger().info(f'passing loop closures on to {name}: '
                               + ', '.join(port.name for port in self.system.outputs))

    # -- from place_recognition ------------------------------------------------------------------

    def _on_closures(self, message: LoopClosureCandidates) -> None:
        for candidate in message.candidates:
            try:
                self._tell(self.system.pass_on(
                    closure_of(candidate, self._extrinsics(candidate.header.frame_id))))
            except VprError as error:
                self._warn(str(error))
            self.taken += 1

    def heard(self, port: Port, message: Any) -> None:
        """Take a message of the back end."""
        self._tell(self.system.heard(port, message))

    def _on_recognition(self, system: Relocalisation, message: Recognition) -> None:
        self._tell(system.recognised(recognition_from_message(message)))
        self.followed += 1
        if self.followed == SILENT and not self.count_publishers(LOCALIZATION):
            self._warn('recognitions come but nobody says where the robot is; start '
                       'place_recognition with mode:=localization (and relocalize true)')

    def _on_localization(self, system: Relocalisation, message: Localization) -> None:
        was = system.lost
        self._tell(system.localised(Whereabouts.of(message)))
        if system.lost != was:
            self._publish_lost(system.lost)
        self.followed += 1

    # -- to the back end -------------------------------------------------------------------------

    def _tell(self, outgoing: list[Outgoing]) -> None:
        for one in outgoing:
            self.sent += 1
            self.send(one)
        for sentence in self.system.take_problems():
            self._warn(sentence)

    def _send(self, outgoing: Outgoing) -> None:
        port = outgoing.port
        if not port.is_service:
            self._publishers_of[port].publish(outgoing.message)
        elif self._clients_of[port].service_is_ready():
            self._clients_of[port].call_async(outgoing.message)
        else:
            self._warn(f'no one offers the service {self._clients_of[port].srv_name}; start the '
                       'SLAM system or remap the service')

    def _warn(self, sentence: str) -> None:
        self.get_logger().warning(sentence, throttle_duration_sec=10.0)

    # -- set-up ----------------------------------------------------------------------------------

    def _make_system(self, name: str, make: Any) -> System:
        setup = Setup(
            robot=str(self._value('robot')), robots=robot_numbers(self._value('robots') or ()),
            within_ns=round(float(self._value('max_stamp_difference_s')) * 1e9),
            map_frame=str(self._value('map_frame')), path=str(self._value('path')))
        return SYSTEMS[name](make, setup)

    def _camera(self) -> Callable[[str], Transform | None]:
        fixed = of_numbers(tuple(self._value('camera_in_base') or ()))
        base_frame = str(self._value('base_frame'))
        if fixed is None and base_frame:
            return TfExtrinsics(self, base_frame)
        if fixed is None and self.system.needs_pose:
            self.get_logger().warning(
                'this system takes metric poses of the robot base: set camera_in_base, or '
                'base_frame where tf is there; until then no loop closure is passed on')
        return lambda _: fixed

    def _connect(self) -> None:
        for type_name in self.system.types:
            load(type_name)
        for port in self.system.outputs:
            found = load(port.type_name)
            if port.is_service:
                self._clients_of[port] = self.create_client(found, port.name)
            else:
                self._publishers_of[port] = self.create_publisher(found, port.name, qos.RESULT)

    def _follow(self, system: Relocalisation) -> None:
        self.create_subscription(Recognition, RECOGNITION,
                                 lambda message: self._on_recognition(system, message), qos.RESULT)
        self.create_subscription(Localization, LOCALIZATION,
                                 lambda message: self._on_localization(system, message),
                                 qos.RESULT)
        self._lost = self.create_publisher(Bool, '~/lost', qos.STATUS)
        self._publish_lost(system.lost)

        def relocalise(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            system.say_again()
            response.success = True
            response.message = ('initialpose follows with the next recognition while '
                                'place_recognition knows where the robot is')
            return response

        self.create_service(Trigger, '~/relocalise', relocalise)

    def _publish_lost(self, lost: bool) -> None:
        self._lost.publish(Bool(data=lost))

    def _value(self, name: str) -> Any:
        return self.get_parameter_or(name, Parameter(name)).value


def robot_numbers(pairs: Any) -> dict[str, int]:
    """Names and numbers of robots from NAME:NUMBER.

    Raises:
        ConfigError: one is not of that form, or two robots have one number.
    """
    numbers: dict[str, int] = {}
    for pair in pairs:
        name, _, number = str(pair).rpartition(':')
        if not name or not number.isdigit() or int(number) > 255:
            raise ConfigError(f'robots holds {str(pair)[:50]!r}, expected NAME:NUMBER with a '
                              'number from 0 to 255')
        numbers[name] = int(number)
    if len(set(numbers.values())) < len(numbers):
        raise ConfigError(f'two robots have one number in {sorted(numbers)}; number them apart')
    return numbers
