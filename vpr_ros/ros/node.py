# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The lifecycle node ``place_recognition``: camera in, loop closures out.

configure loads the model and the map and opens the services, activate subscribes to the camera,
deactivate lets go of it, clean-up closes the map. The executor's thread only hands over: images go
to the worker's slot, service calls become jobs of the worker, a map is built in a third thread.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
import time
import traceback
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from nav_msgs.msg import Odometry
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from vpr_ros.errors import VprError
from vpr_ros.parameters import Value
from vpr_ros.ros import parameters, qos
from vpr_ros.ros.cameras import Cameras
from vpr_ros.ros.depth import PoseInputs
from vpr_ros.ros.descriptors import DescriptorOutput
from vpr_ros.ros.diagnostics import PARTS
from vpr_ros.ros.engine import Engine
from vpr_ros.ros.fleet import fleet_settings, FleetLink
from vpr_ros.ros.health import Health
from vpr_ros.ros.odometry import ODDITIES, OdometryBuffer
from vpr_ros.ros.outputs import Outputs
from vpr_ros.ros.pose_updates import PoseUpdates
from vpr_ros.ros.services import Services
from vpr_ros.ros.statistics import Statistics
from vpr_ros.ros.stream import Stream
from vpr_ros.ros.updater import Diagnostics
from vpr_ros.ros.worker import Worker

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR
Transition = Callable[[Any, LifecycleState], TransitionCallbackReturn]


def told(transition: Transition) -> Transition:
    """Log an unexpected error of a transition, which rclpy would swallow."""

    @functools.wraps(transition)
    def run(node: Any, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except Exception:
            node.failure = f'{transition.__name__} failed:\n{traceback.format_exc()}'
            node.get_logger().error(node.failure)
            return ERROR

    return run


class PlaceRecognitionNode(LifecycleNode):
    """See the module; parameters are those of :mod:`vpr_ros.parameters`."""

    def __init__(self, **keywords: Any) -> None:
        """Declare the parameters; nothing is loaded before configure.

        Args:
            keywords: as for rclpy's Node.

        Raises:
            ConfigError: a parameter given at start is unknown or has a bad value.
        """
        super().__init__('place_recognition', **keywords)
        parameters.declare(self)
        parameters.on_change(self, self._parameters_changed)
        values = parameters.read(self)
        self._diagnostics = Diagnostics(
            self, period_s=float(values['diagnostics_period_s']),  # type: ignore[arg-type]
            hardware_id=str(values['robot']))
        self.failure = ''
        self._engine: Engine | None = None
        self._active = False
        self._camera: list[Any] = []

    # -- life cycle -----------------------------------------------------------------------------

    @told
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model, open the map, open the services."""
        values = parameters.read(self)
        engine = Engine(values)
        self._statistics = Statistics()
        self._odometry = OdometryBuffer() if values['use_odometry'] else None
        self._lockstep = bool(values['lockstep'])
        self._transport = str(values['image_transport'])
        self._worker: Worker[Any] = Worker(self._process, keep_all=self._lockstep)
        self._worker.start()
        try:
            self._cameras = Cameras(engine.settings)
            engine.rig = self._cameras.rig if self._cameras.several else None
            fleet_settings(values)
            self._worker.submit(lambda: engine.open(self._session_name())).result()
        except VprError as error:
            self._worker.stop()
            self.failure = str(error)
            self.get_logger().error(self.failure)
            return FAILURE
        self._engine, self.failure = engine, ''
        self._outputs = Outputs(self, engine)
        self._fleet = FleetLink(self, engine, values)
        self._health = Health(
            self, engine, self._statistics, self._odometry, self._outputs,
            cameras=self._cameras, image_topic=self.image_topic(self._cameras.names[0]),
            transport=self._transport, lockstep=self._lockstep,
            building=lambda: self._answers.builder.progress,
        )
        self._descriptor_output = DescriptorOutput(self, engine)
        self._stream = Stream(
            engine, self._cameras, self._odometry, self._statistics,
            self._descriptor_output.after(self._fleet.after(self._outputs.publish)),
            self._outputs.forget, self._health.age_ms,
            self.get_logger(), lambda: self.count_publishers('odom') > 0,
            lockstep=self._lockstep,
        )
        self._pose_inputs = PoseInputs(
            single=not self._cameras.several,
            stereo=engine.settings.stereo,
            expected=lambda: self.count_publishers(self._pose_inputs.topic) > 0,
            wait_s=2.0 if self._lockstep else 0.1)
        self._stream.see = lambda frame: self._pose_inputs.show(frame, engine.relative_poses)
        self._take_rates(values)
        self._answers = Services(self, engine, self._worker, self._outputs, self._map_changed)
        self._poses = PoseUpdates(self, engine, self._worker, self._poses_changed)
        self._worker.submit(self._map_changed)
        self._diagnostics.begin([*PARTS, *self._fleet.statuses()], self._diagnose)
        model = engine.model
        if model.warning:
            self.get_logger().warning(model.warning)
        self.get_logger().info(
            f'{engine.mode} with model {model.card.name} on {model.provider}, '
            f'{len(engine.place_map)} places in {engine.place_map.path}'
        )
        return SUCCESS

    @told
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the camera and the odometry."""
        image_type = CompressedImage if self._transport == 'compressed' else Image
        self._stream.restart()
        sensor = qos.LOCKSTEP if self._lockstep else qos.SENSOR
        # odometry first: of what is ready at once, the executor takes the oldest subscription
        if self._odometry is not None:
            profile = qos.LOCKSTEP if self._lockstep else qos.ODOMETRY
            self._camera.append(
                self.create_subscription(Odometry, 'odom', self._on_odometry, profile)
            )
        self._camera += self._cameras.subscribe(
            self, image_type, sensor, self.image_topic, self._on_image, self._on_camera_info,
            self._pose_inputs.add_camera_info)
        if self._engine is not None and self._engine.relative_poses is not None:
            self._camera += self._pose_inputs.subscribe(self, image_type, sensor)
        self._active = self._health.active = True
        topics = ', '.join(map(self.image_topic, self._cameras.names))
        self.get_logger().info(f'waiting for {image_type.__name__} on {topics}')
        return super().on_activate(state)

    @told
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of the camera; services go on answering."""
        self._active = self._health.active = False
        for subscription in self._camera:
            self.destroy_subscription(subscription)
        self._camera = []
        self._worker.clear()
        return super().on_deactivate(state)

    @told
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close the map and everything else that configure opened."""
        self.close()
        return SUCCESS

    @told
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close everything, from any state."""
        self.close()
        return SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Close everything; the node may be configured again."""
        self.close()
        return SUCCESS

    def close(self) -> None:
        """Stop the worker and close the map; a second call does nothing."""
        engine, self._engine, self._active = self._engine, None, False
        if engine is None:
            return
        for subscription in self._camera:
            self.destroy_subscription(subscription)
        self._camera = []
        self._diagnostics.end()
        self._answers.destroy()
        self._poses.destroy()
        self._worker.clear()
        self._fleet.stop()
        self._worker.submit(engine.close)
        self._worker.stop()
        self._outputs.destroy()
        self._descriptor_output.destroy()

    def image_topic(self, camera: str = '') -> str:
        """Return a camera's topic; that of the compressed transport lies below the raw one."""
        topic = self.resolve_topic_name(f'{camera}/image' if camera else 'image')
        if self._transport == 'compressed' and not topic.endswith('/compressed'):
            topic += '/compressed'
        return self.resolve_topic_name(topic)

    # -- callbacks of the executor: none of them takes long -------------------------------------

    def _on_image(self, message: Any) -> None:
        self._statistics.received(time.monotonic(), dropped=self._worker.offer(message))

    def _on_odometry(self, message: Odometry) -> None:
        if self._odometry is not None:
            oddity = ODDITIES.get(self._odometry.add(message))
            self._statistics.count('odometry')
            if oddity and self._statistics.notice(oddity, oddity, time.monotonic()):
                self.get_logger().warning(oddity)

    def _on_camera_info(self, message: CameraInfo) -> None:
        self._health.camera_info = message

    def _parameters_changed(self, values: dict[str, Value]) -> None:
        engine = self._engine
        if engine is None:
            return
        settings = parameters.settings_of(values)
        self._take_rates(values)

        def configure() -> None:
            try:
                engine.configure(settings)
            except VprError as error:
                self.get_logger().error(str(error))

        self._worker.submit(configure)

    def _take_rates(self, values: dict[str, Value]) -> None:
        self._stream.max_rate_hz = float(values['max_rate_hz'])  # type: ignore[arg-type]
        self._stream.odometry_timeout_s = float(
            values['odometry_timeout_s']  # type: ignore[arg-type]
        )

    def _diagnose(self) -> dict[str, DiagnosticStatus]:
        self._worker.submit(self._look_at_map)
        return {**self._health.statuses(self._stream), **self._fleet.statuses()}

    # -- in the worker's thread -----------------------------------------------------------------

    def _process(self, message: Any) -> None:
        self._stream.process(message)

    def _look_at_map(self) -> None:
        if self._engine is not None:
            self._health.look_at_map()

    def _map_changed(self) -> None:
        """Another map or session has begun: start anew and tell."""
        self._stream.restart()
        self._outputs.forget()
        self._fleet.map_changed()
        self._look_at_map()

    def _poses_changed(self) -> None:
        self._fleet.poses_changed()
        self._look_at_map()

    def _session_name(self) -> str:
        """Name of the drive that begins now; '' while simulated time has not begun."""
        now_s = self.get_clock().now().nanoseconds / 1e9
        return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(now_s)) if now_s > 0 else ''
