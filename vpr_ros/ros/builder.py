# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One map at a time is built in a thread of its own, while the node keeps answering."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
import contextlib
from dataclasses import dataclass
import math
import os
from pathlib import Path
import threading
import time
from typing import Any

from vpr_msgs.msg import MapInfo as MapInfoMessage
from vpr_ros.building import BagTopics, build_map
from vpr_ros.errors import ConfigError, MapError
from vpr_ros.model import load_model, Model
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros.conversions import map_info_to_message
from vpr_ros.ros.engine import Engine

FEEDBACK_INTERVAL_S = 0.1
NICENESS = 10  # recognition goes first

Progress = Callable[[int, int, str, float], None]


@dataclass(frozen=True)
class Built:
    """A map that is complete and on disk."""

    path: Path
    info: MapInfoMessage
    seconds: float


class Builder:
    """Builds maps; :meth:`start` is called in the executor's thread."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine for its model, settings and folders."""
        self._engine = engine
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self.progress = ''

    @property
    def busy(self) -> bool:
        """True while a map is being built."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, request: Any, progress: Progress | None = None) -> Future[Built]:
        """Start to build a map.

        Args:
            request: of the service BuildMap or the goal of the action MapBuilding.
            progress: called in the building thread with (done, total, stage, seconds left).

        Returns:
            A future with the map or the VprError that says why there is none.
        """
        future: Future[Built] = Future()
        if self.busy:
            future.set_exception(
                MapError(f'a map is being built already ({self.progress}); wait or cancel it')
            )
            return future
        try:
            arguments = self._check(request)
        except ConfigError as error:
            future.set_exception(error)
            return future
        self._cancel.clear()
        self.progress = 'starting'
        report = self._reporter(progress)
        self._thread = threading.Thread(
            target=self._run, args=(future, report, arguments), name='map building', daemon=True
        )
        self._thread.start()
        return future

    def cancel(self) -> None:
        """Ask the build in progress to end; its future then holds a MapError."""
        self._cancel.set()

    def stop(self) -> None:
        """Cancel and wait until the thread has ended."""
        self.cancel()
        thread = self._thread
        if thread is not None:
            thread.join()

    def _check(self, request: Any) -> dict[str, Any]:
        """Arguments of the build; paths outside the folders end here."""
        folders, settings = self._engine.folders, self._engine.settings
        out = folders.map_file(request.output)
        if self._engine.is_live_map(out):
            raise ConfigError(f'{out} is the map that this node works with; build another file')
        for name in ('keyframe_distance_m', 'keyframe_interval_s'):
            value = float(getattr(request, name))
            if value < 0 or not math.isfinite(value):
                raise ConfigError(f'{name}: {value} found, expected a positive number or 0')
            if value > 0:
                settings = settings.replace(**{name: value})
        name = request.model
        if '/' in name or name.endswith(('.onnx', '.json')):
            name = str(folders.existing(name))
        return {
            'sources': [folders.existing(source) for source in request.sources], 'out': out,
            'settings': settings.replace(model=name) if name else settings, 'model': name,
            'topics': BagTopics(request.image_topic or None, request.odometry_topic or None),
            'overwrite': bool(request.overwrite),
        }

    def _run(
        self, future: Future[Built], report: Callable[[int, int, str], None],
        arguments: dict[str, Any],
    ) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        started_s = time.monotonic()
        try:
            arguments['model'] = self._model(arguments['model'])
            build_map(**arguments, progress=report, cancelled=self._cancel.is_set)
            with PlaceMap.open(arguments['out'], read_only=True) as built:
                info = map_info_to_message(built)
        except BaseException as error:  # it belongs to whoever asked
            self._end()
            future.set_exception(error)
        else:
            self._end()
            seconds = time.monotonic() - started_s
            future.set_result(Built(arguments['out'], info, seconds))

    def _end(self) -> None:
        """Be free for the next build before the asker hears of the end."""
        self.progress, self._thread = '', None

    def _model(self, name: str) -> Model:
        settings = self._engine.settings
        if name in ('', settings.model, self._engine.model.card.name):
            return self._engine.model
        return load_model(name, provider=settings.provider, threads=settings.threads)

    def _reporter(self, progress: Progress | None) -> Callable[[int, int, str], None]:
        started_s, last_s, before = time.monotonic(), -math.inf, -1

        def report(done: int, total: int, stage: str) -> None:
            nonlocal started_s, last_s, before
            now_s = time.monotonic()
            if before < 0:  # what an earlier build has done says nothing about this one's speed
                started_s, before = now_s, done
                return
            if now_s - last_s < FEEDBACK_INTERVAL_S and done < total:
                return
            last_s = now_s
            self.progress = f'{stage}: {done} of {total}'
            if progress is not None:
                spent_s, fresh = now_s - started_s, done - before
                left_s = spent_s / fresh * (total - done) if fresh > 0 else math.nan
                progress(done, total, stage, left_s)

        return report
