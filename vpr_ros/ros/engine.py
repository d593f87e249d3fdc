# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recogniser as the node uses it: opened from parameters, changed by services, closed.

Every method but :meth:`Engine.configure` and the constructor runs in the worker's thread, so that
the pipeline is only ever used by one. Nothing here knows a ROS message.
"""

from __future__ import annotations

from collections.abc import Mapping
import gc
import os
from pathlib import Path

from vpr_ros.assembly import IN_MEMORY, model_identity, model_of, open_map, open_recognizer
from vpr_ros.cameras.rig import Rig
from vpr_ros.errors import ConfigError, MapError
from vpr_ros.geometry.relative_pose import RelativePose
from vpr_ros.geometry.relative_poses import relative_poses_of, RelativePoses
from vpr_ros.model import Model
from vpr_ros.parameters import Value
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.place_map import PlaceMap, Session
from vpr_ros.rerank.lacking import lacking_patches
from vpr_ros.ros.confinement import Folders
from vpr_ros.ros.parameters import settings_of
from vpr_ros.settings import Settings
from vpr_ros.types import Recognition


class Engine:
    """Model, map and pipeline of one node."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        """Take the node's parameters; :meth:`open` does the work.

        Args:
            values: name -> value of every parameter of the table.
        """
        self.settings: Settings = settings_of(dict(values))
        self.mapping = values['mode'] == 'mapping'
        self.mode = str(values['mode'])
        self.robot = str(values['robot'])
        self._session_name = str(values['session'])
        self._map_path = Path(str(values['map_path'])).expanduser() if values['map_path'] else None
        directories = values['directories']
        folders = list(directories) if isinstance(directories, tuple) else []
        if self._map_path is not None:
            folders.append(str(self._map_path.resolve().parent))
        self.folders = Folders(folders)
        self._recognizer: PlaceRecognizer | None = None
        self.relative_poses: RelativePoses | None = None
        self.rig: Rig | None = None  # of a robot with several cameras, set before open()
        self._relocalize = bool(values['relocalize']) and not self.mapping
        self._session_names: dict[tuple[str, int], str] = {}
        self._session_robots: dict[tuple[str, int], str] = {}
        self._map_problem: tuple[str, int] = '', 0

    # -- opening and closing --------------------------------------------------------------------

    def open(self, default_session: str) -> None:  # noqa: A003
        """Load the model and the map.

        Args:
            default_session: name of the drive when the parameter ``session`` is empty.

        Raises:
            ModelError, MapError, ConfigError: one of them cannot be used; the sentence says why.
        """
        model = model_of(self.settings)
        self.relative_poses = relative_poses_of(self.settings)
        name = self._session_name or default_session
        path: str | Path = self._map_path or ''
        if self.mapping or path:
            self._recognizer = open_recognizer(
                self.settings, map_path=path, mapping=self.mapping, session=name, robot=self.robot,
                model=model,
            )
            self._recognizer.map_failed = self._map_failed
            if self.relative_poses is not None:
                self._recognizer.more_parts = self.relative_poses.parts
        else:
            # A localization node may be given its map later, by the service load_map.
            empty = PlaceMap.create(IN_MEMORY, model_identity(model))
            self._recognizer = PlaceRecognizer(model, empty, self.settings, mapping=False)
        if self.rig is not None:
            self._recognizer.use_rig(self.rig.yaw_rad)
        if self._relocalize:
            self._recognizer.relocalize()
        gc.freeze()  # collections that go through all that was loaded take 20 ms

    def relative_pose(self, recognition: Recognition) -> RelativePose | None:
        """Where the match was taken from; None when none was accepted or asked for."""
        if self.relative_poses is None or not recognition.accepted:
            return None
        return self.relative_poses.find(recognition, self.place_map.local_features)

    def close(self) -> None:
        """Close the map; a second call does nothing."""
        if self._recognizer is not None:
            self._recognizer.place_map.close()
            self._recognizer = None
            gc.unfreeze()

    def configure(self, settings: Settings) -> None:
        """Take new settings; the next frame uses them."""
        self.settings = settings
        if self._recognizer is not None:
            self._recognizer.configure(settings)

    # -- what it holds --------------------------------------------------------------------------

    @property
    def recognizer(self) -> PlaceRecognizer:
        """The pipeline.

        Raises:
            ConfigError: the node is not configured.
        """
        if self._recognizer is None:
            raise ConfigError('the node is not configured; bring it to active first')
        return self._recognizer

    @property
    def model(self) -> Model:
        """The model that describes the images."""
        return self.recognizer.model

    @property
    def place_map(self) -> PlaceMap:
        """The map in use."""
        return self.recognizer.place_map

    def session_name(self, session_id: int) -> str:
        """Name of a session of the map in use; sessions without a name are numbered."""
        key = self.place_map.uuid, session_id
        if key not in self._session_names:
            for session in self.place_map.sessions():
                name = session.name or f'session_{session.session_id}'
                self._session_names[self.place_map.uuid, session.session_id] = name
        return self._session_names.get(key, f'session_{session_id}')

    def session_robot(self, session_id: int) -> str:
        """Name of the robot that drove a session of the map in use; '' when it is not known."""
        key = self.place_map.uuid, session_id
        if key not in self._session_robots:
            for session in self.place_map.sessions():
                self._session_robots[self.place_map.uuid, session.session_id] = session.robot
        return self._session_robots.get(key, '')

    @property
    def own_session_id(self) -> int:
        """The session that places are added to; 0 for none."""
        session = self.place_map.session
        return session.session_id if self.mapping and session is not None else 0

    def is_live_map(self, path: Path) -> bool:
        """Return True when this file is the map in use."""
        return str(self.place_map.path) != IN_MEMORY and (
            os.path.realpath(self.place_map.path) == os.path.realpath(path)
        )

    @property
    def map_problem(self) -> str:
        """Why the last keyframe could not be stored; '' since one was stored again."""
        sentence, places = self._map_problem
        return sentence if len(self.place_map) <= places else ''

    @property
    def patch_problem(self) -> str:
        """Why the places of the map cannot be re-ranked, though that was asked for; else ''."""
        if self.settings.rerank == 'none':
            return ''
        place_map = self.place_map
        return lacking_patches(self.settings.rerank, self.model.card, place_map.patch_sizes(),
                               len(place_map))

    def _map_failed(self, error: MapError) -> None:
        self._map_problem = str(error), len(self.place_map)

    # -- what services change -------------------------------------------------------------------

    def save(self, path: str, *, overwrite: bool) -> Path:
        """Write the map to a file, which is complete and on disk afterwards.

        Args:
            path: below the folders; '' for the file that the map was opened from.
            overwrite: replace another map that is there.

        Raises:
            ConfigError, MapError: the path is refused, taken, or cannot be written.
        """
        place_map = self.place_map
        if not path and str(place_map.path) == IN_MEMORY:
            raise MapError('the map lives in memory only; give the path of a .vprmap file')
        target = self.folders.map_file(path or str(place_map.path))
        if target.exists() and not overwrite and not self.is_live_map(target):
            raise MapError(f'{target} exists; set overwrite or choose another name')
        place_map.save_as(target)
        return target

    def load(self, path: str) -> None:
        """Work with another map; on failure the old one stays.

        Raises:
            ConfigError, MapError: the path is refused, or the map cannot be used.
        """
        source, recognizer = self.folders.existing(path), self.recognizer
        if self.is_live_map(source):
            if self.mapping:
                recognizer.reset()
            else:
                self.place_map.refresh()
            return
        new = open_map(source, recognizer.model, mapping=self.mapping,
                       index=recognizer.settings.index)
        if self.mapping:
            new.new_session(robot=self.robot)
        old = recognizer.place_map
        recognizer.replace_map(new)
        old.close()

    def new_session(self, name: str) -> Session:
        """Begin a new drive.

        Raises:
            MapError: the node only localizes, or the map has a session of that name.
        """
        if not self.mapping:
            raise MapError('the node runs in mode localization, which leaves the map as it is')
        if name and name in (session.name for session in self.place_map.sessions()):
            raise MapError(f'the map has a session {name!r} already; choose another name')
        session = self.place_map.new_session(name, robot=self.robot)
        self.recognizer.replace_map(self.place_map)  # forgets the frames before
        return session
