# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node's part in a fleet: places out to the shared map, loop closures between robots in.

Nothing here waits for the network: a thread of :mod:`vpr_ros.fleet.courier` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node

from vpr_msgs.msg import LoopClosureCandidates
from vpr_ros.errors import ConfigError
from vpr_ros.fleet import Courier, FleetMatch, FleetSettings, Member
from vpr_ros.fleet.client import check_installed, check_uri
from vpr_ros.fleet.record import check_robot
from vpr_ros.fleet.shared_map import check_prefix
from vpr_ros.parameters import Value
from vpr_ros.ros import qos
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.fleet_messages import fleet_match_to_message, fleet_status
from vpr_ros.types import Frame, Recognition

Publish = Callable[[Frame, Recognition], None]


def fleet_settings(values: Mapping[str, Value]) -> FleetSettings | None:
    """Return the fleet that the parameters name; None for none.

    Raises:
        ConfigError: a parameter is wrong, or what it needs is not installed.
    """
    uri = str(values['fleet_uri'])
    if not uri:
        return None
    if values['mode'] != 'mapping':
        raise ConfigError(
            'fleet_uri: set together with mode localization, in which a robot has no places of '
            'its own to share; use mode mapping, or leave fleet_uri empty')
    check_installed(check_uri(uri))
    return FleetSettings(
        uri=uri, robot=check_robot(str(values['robot'])),
        collection=check_prefix(str(values['fleet_collection'])),
        candidates=int(values['fleet_candidates']),  # type: ignore[arg-type]
        timeout_s=float(values['fleet_timeout_s']),  # type: ignore[arg-type]
    )


class FleetLink:
    """Does nothing where the parameters name no fleet.

    Args:
        node: gets the publisher of ``fleet_loop_closures``.
        engine: of the node, open.
        values: the node's parameters.

    Raises:
        ConfigError: see :func:`fleet_settings`.
    """

    def __init__(
        self, node: Node, engine: Engine, values: Mapping[str, Value]
    ) -> None:
        self._node, self._engine = node, engine
        self._fleet = fleet_settings(values)
        self._courier: Courier | None = None
        if self._fleet is not None:
            self._publisher = node.create_publisher(
                LoopClosureCandidates, 'fleet_loop_closures', qos.RESULT)
        self._place_map: object = None
        self.map_changed()

    def after(self, publish: Publish) -> Publish:
        """Return a function that publishes a recognition and hands a new place to the fleet."""
        def run(frame: Frame, recognition: Recognition) -> None:
            publish(frame, recognition)
            if self._courier is not None and recognition.place_id:
                self._courier.added(recognition.place_id)

        return run

    def map_changed(self) -> None:
        """Share the places of the map that the engine works with now."""
        place_map = self._engine.place_map
        if self._fleet is None or place_map is self._place_map:
            return
        if self._courier is not None:
            self._courier.stop(wait=False)
        fleet, recognizer, self._place_map = self._fleet, self._engine.recognizer, place_map
        self._courier = Courier(
            lambda: Member(place_map, fleet, lambda: recognizer.settings, recognizer.calibration,
                           self._found),
            self._tell)
        self._courier.start()

    def poses_changed(self) -> None:
        """Poses of places were corrected."""
        if self._courier is not None:
            self._courier.changed()

    def statuses(self) -> dict[str, DiagnosticStatus]:
        """Return the status ``fleet`` of the diagnostics; nothing without a fleet."""
        if self._fleet is None or self._courier is None:
            return {}
        return {'fleet': fleet_status(self._courier.state, uri=self._fleet.uri)}

    def stop(self) -> None:
        """Leave the fleet; the map may be closed afterwards."""
        if self._courier is not None:
            self._courier.stop()
            self._node.destroy_publisher(self._publisher)
            self._courier = None

    # -- in the courier's thread ----------------------------------------------------------------

    def _found(self, match: FleetMatch) -> None:
        self._publisher.publish(fleet_match_to_message(match))

    def _tell(self, problem: str) -> None:
        log = self._node.get_logger()
        if problem:
            log.warning(problem)
        else:
            log.info('the shared map answers again')
