# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""maplab's console: a YAML file of loop closures, read with its flag for external ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from vpr_ros.errors import ConfigError  # noqa: I100
from vpr_ros.geometry.rigid import Transform
from vpr_ros.slam.closure import Closure
from vpr_ros.slam.system import Outgoing, System
from vpr_ros.whole_files import write_whole

SWITCH, SWITCH_VARIANCE = 1.0, 1e-2


class MaplabFile(System):
    """Keeps the list complete on disk after every loop closure."""

    needs_pose = True

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        path = self.setup.path
        if not path.endswith(('.yaml', '.yml')):
            raise ConfigError(f'the adapter maplab writes a file; path is {path[:100]!r}, '
                              'expected that of a .yaml file')
        self._path, self._edges = Path(path).expanduser(), list[dict[str, Any]]()

    def pass_on(self, closure: Closure) -> list[Outgoing]:
        """Add it to the file."""
        self._edges.append(entry(closure))
        try:
            write_whole(self._path, yaml.safe_dump(self._edges, sort_keys=False))
        except OSError as error:
            self.problems.append(f'{self._path} cannot be written ({error.strerror}); set path to '
                                 'a file in a folder that can be written')
        return []


def entry(closure: Closure) -> dict[str, Any]:
    """One loop closure: from the query to the match, T_from_to the pose of the match in it.

    The poses of the two cameras are not known to this side; they are identities.
    """
    return {
        'T_from_to': _transform(closure.metric()),
        'camera_from': {'timestamp_ns': closure.query_stamp_ns,
                        'pose': _transform(Transform.identity())},
        'camera_to': {'timestamp_ns': closure.match_stamp_ns,
                      'pose': _transform(Transform.identity())},
        'switch_variable': SWITCH,
        'switch_variable_variance': SWITCH_VARIANCE,
        'covariance': [float(value) for value in closure.covariance.ravel()],
    }


def _transform(found: Transform) -> dict[str, list[float]]:
    pose = found.pose()
    return {'translation_m': [float(value) for value in pose.position_m],
            'rotation_xyzw': [float(value) for value in pose.quaternion_xyzw]}
