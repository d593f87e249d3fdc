# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every parameter, declared once: type, default, range, description, whether it may change.

From this one table come the ROS parameter descriptors, the validation of YAML files and of the
command line, :class:`vpr_ros.settings.Settings` and the parameter page of the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import math
from typing import Any

from vpr_ros.errors import ConfigError

LONGEST_SHOWN = 100  # characters of a wrong name or value in a sentence
Value = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: ROS parameter name; units stand in it (``_m``, ``_s``, ``_ms``, ``_px``).
        default: also fixes the type: bool, int, float, str or tuple of str.
        description: one or two sentences for ``ros2 param describe`` and the documentation.
        minimum, maximum: inclusive range of numbers.
        choices: allowed words; empty when any is.
        read_only: fixed when the node is configured.
        group: ``pipeline`` (same meaning offline and on the robot) or ``node``.
    """

    name: str
    default: Value
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False
    group: str = 'pipeline'

    def validate(self, value: Any) -> Value:
        """Return ``value`` in the parameter's type.

        Raises:
            ConfigError: wrong type, outside the range, or not among the choices.
        """
        kind = type(self.default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if kind is tuple and isinstance(value, Sequence) and not isinstance(value, str):
            value = tuple(value)
            if not all(isinstance(item, str) for item in value):
                raise ConfigError(
                    f'{self.name}: {_shown(value)} found, expected a list of strings'
                )
        if type(value) is not kind:
            raise ConfigError(
                f'{self.name}: {_shown(value)} found, expected {kind.__name__} such as '
                f'{self.default!r}'
            )
        if isinstance(value, int | float) and kind is not bool:
            low = -math.inf if self.minimum is None else self.minimum
            high = math.inf if self.maximum is None else self.maximum
            if not low <= value <= high:  # NaN fails too
                raise ConfigError(f'{self.name}: {value} found, expected {low:g} to {high:g}')
        if self.choices and value not in self.choices:
            raise ConfigError(
                f'{self.name}: {_shown(value)} found, expected one of {", ".join(self.choices)}'
            )
        return value


PARAMETERS: tuple[Parameter, ...] = (
    # model
    Parameter('model', 'default', 'Bundled model by name, or the path of an .onnx with its card.',
              read_only=True),
    Parameter('provider', 'auto', 'Where the model runs; auto takes CUDA when it works, else CPU.',
              choices=('auto', 'cuda', 'tensorrt', 'cpu'), read_only=True),
    Parameter('threads', 0, 'CPU threads of the model; 0 lets onnxruntime take every core.',
              0, 256, read_only=True),
    # keyframes
    Parameter('keyframe_distance_m', 1.0,
              'A frame becomes a place of the map after this distance (with odometry).',
              0.01, 1e4),
    Parameter('keyframe_interval_s', 1.0,
              'A frame becomes a place after this time (used while there is no odometry).',
              0.0, 1e4),
    Parameter('keyframe_novelty', 0.35,
              'A frame also becomes a place when its cosine similarity to the last keyframe falls '
              'below 1 minus this, so that fast turns are not skipped.', 0.0, 2.0),
    Parameter('keyframe_standstill', 0.005,
              'Without odometry, a frame is no keyframe while its similarity to the last keyframe '
              'is above 1 minus this: the robot stands still.', 0.0, 1.0),
    Parameter('context_keyframes', 40,
              'Descriptors are centred on the mean of the last so many keyframes, which holds '
              'light, weather and camera; used when a map is made, later the map says. 0 is off.',
              0, 1000, read_only=True),
    # what counts as a revisit
    Parameter('recent_distance_m', 15.0,
              'Places within this travelled distance are not revisits (with odometry).', 0.0, 1e6),
    Parameter('recent_time_s', 15.0,
              'Places younger than this are not revisits (without odometry).', 0.0, 1e6),
    Parameter('neighbourhood_m', 5.0,
              'Places of the map within this distance show the same spot (with odometry).',
              0.0, 1e4),
    Parameter('neighbourhood_s', 3.0,
              'Places of the map within this time show the same spot (without odometry).',
              0.0, 1e4),
    Parameter('candidates', 100, 'Places that the search returns for re-ranking and evidence.',
              1, 10000),
    Parameter('max_matches', 5, 'Ranked matches reported for each query.', 1, 100),
    # re-ranking
    Parameter('rerank', 'none', 'Preset of the patch re-ranking; robot is made for robots.',
              choices=('none', 'robot', 'storage', 'speed', 'balanced', 'performance')),
    Parameter('patch_sizes', 'used',
              'Patch sizes that are described and stored while re-ranking is on: those that the '
              'preset compares with this model, or all of the model, for other presets later.',
              choices=('used', 'all')),
    Parameter('deadline_ms', 0.0,
              'Time budget of one recognition; re-ranking candidates are shed first when it '
              'nears. 0 means no deadline.', 0.0, 1e6),
    # sequences
    Parameter('sequence_window_m', 50.0,
              'Travelled distance in which earlier frames must lead to the match.', 0.0, 1e4),
    Parameter('sequence_window_s', 6.0,
              'Time in which earlier frames must lead to the match (without odometry).', 0.0, 1e4),
    Parameter('min_sequence_support', 0.3,
              'Share of the earlier frames in the window that must lead to the match.', 0.0, 1.0),
    # decision
    Parameter('min_probability', 0.95, 'A match is accepted from this calibrated probability on.',
              0.0, 1.0),
    Parameter('min_similarity', -1.0,
              'Additional gate on the cosine similarity of the global descriptors; -1 is off.',
              -1.0, 1.0),
    Parameter('min_margin', -2.0,
              'Additional gate on the similarity minus the best outside the neighbourhood; -2 is '
              'off.', -2.0, 2.0),
    Parameter('min_spatial_score', 0.0,
              'Additional gate on the spatial score of a re-ranked match; 0 is off.', 0.0, 1.0),
    Parameter('calibration', '',
              "Path of a calibration.json written by vpr calibrate; '' takes the model card's.",
              read_only=True),
    # cameras (docs/cameras.md)
    Parameter('cameras', (),
              'Several cameras as NAME:YAW, such as front:0 and rear:180; each has the topics '
              'NAME/image and NAME/camera_info, the yaw is in degrees, 90 looks left. Empty is '
              'one camera on image and camera_info (docs/cameras.md).', read_only=True),
    Parameter('camera_sync_s', 0.05,
              'Images of several cameras belong together when their stamps are this near.',
              0.0, 10.0, read_only=True),
    Parameter('rectify', False,
              'Undo the lens distortion that camera_info tells (plumb_bob, rational_polynomial, '
              'equidistant) before an image is described.', read_only=True),
    Parameter('mask', '',
              "Path of a PNG of the image's size whose black pixels are the robot's own body and "
              "are filled before an image is described; {camera} stands for the camera's name.",
              read_only=True),
    Parameter('stereo', False,
              'Depth for relative_pose comes from a stereo pair: image is the left camera, and '
              'right/image and right/camera_info are the right one (docs/relative_pose.md).',
              read_only=True),
    # where in a stored map the robot is (docs/relocalization.md)
    Parameter('found_probability', 0.95,
              'A lost robot has found its place from this probability of being there on.',
              0.5, 1.0),
    Parameter('lost_probability', 0.5,
              'A robot that knew its place is lost when the probability of being there falls '
              'below this.', 0.0, 1.0),
    Parameter('thumbnail_width_px', 320,
              'Width of the JPEG stored with each place; 0 stores none.', 0, 4096),
    Parameter('relative_pose', False,
              'Estimate where a match was taken from, as seen from the query: local features are '
              'stored with each place (about 50 kB); needs camera_info, and depth for metres '
              '(docs/relative_pose.md).', read_only=True),
    Parameter('relative_pose_features', 500, 'Local features of one image.', 50, 5000,
              read_only=True),
    Parameter('relative_pose_min_inliers', 20,
              'Fewer features than this that agree give no relative pose.', 6, 5000,
              read_only=True),
    Parameter('local_features', '',
              "Path of an .onnx that finds local features (docs/relative_pose.md); '' takes SIFT.",
              read_only=True),
    Parameter('index', 'auto',
              'Kind of search index: auto is exact up to 20,000 places and two bits a dimension '
              'above; docs/scaling.md compares the others.',
              choices=('auto', 'flat', 'fp16', 'sq8', 'twobit', 'rabitq', 'binary', 'hnsw', 'ivf',
                       'ivfpq', 'gpu'),
              read_only=True),
    Parameter('max_places', 0,
              'Most places of a map that grows; places are forgotten to keep it (docs/maps.md). 0 '
              'is no limit.', 0, 100_000_000),
    Parameter('max_map_mb', 0.0,
              'Most megabytes of a map that grows, as its file holds them; places are forgotten '
              'to keep it (docs/maps.md). 0 is no limit.', 0.0, 1e7),
    # node
    Parameter('autostart', True,
              'The executable brings itself to active; false leaves that to a lifecycle manager.',
              read_only=True, group='node'),
    Parameter('mode', 'mapping', 'mapping recognises and grows the map, localization only reads.',
              choices=('mapping', 'localization'), read_only=True, group='node'),
    Parameter('map_path', '',
              "The map file to open (and, when mapping, to make); '' keeps the map in memory "
              'until it is saved.', read_only=True, group='node'),
    Parameter('directories', (),
              'Folders below which services may read and write; empty allows none. The folder of '
              'map_path is always allowed.', read_only=True, group='node'),
    Parameter('image_transport', 'raw', 'Type of the image topic.',
              choices=('raw', 'compressed'), read_only=True, group='node'),
    Parameter('relocalize', True,
              'In localization, follow where in the map the robot is and publish it with a flag '
              'that says whether it is lost (docs/relocalization.md).', read_only=True,
              group='node'),
    Parameter('robot', '', 'Name of this robot in messages, for teams.', read_only=True,
              group='node'),
    Parameter('session', '', "Name of this drive in the map; '' uses the start stamp.",
              read_only=True, group='node'),
    Parameter('max_rate_hz', 0.0, 'Most frames processed per second; 0 means as many as possible.',
              0.0, 1000.0, group='node'),
    Parameter('use_odometry', True,
              'Subscribe to odom and measure distances with it; without messages time is used.',
              read_only=True, group='node'),
    Parameter('odometry_timeout_s', 1.0,
              'Odometry older than this at the stamp of the image is not used.', 0.0, 3600.0,
              group='node'),
    Parameter('lockstep', False,
              'Process every image in order instead of the newest only: for replaying bags.',
              read_only=True, group='node'),
    Parameter('diagnostics_period_s', 1.0,
              'Period of the diagnostics message; diagnostic_updater.period, where given, wins.',
              0.05, 3600.0, read_only=True, group='node'),
    Parameter('fleet_uri', '',
              'The map that robots share (docs/fleet.md): URI of a Milvus server, such as '
              "http://host:19530, or a .db file for this process alone; '' is no fleet. A token "
              'comes from the environment variable VPR_FLEET_TOKEN.', read_only=True,
              group='node'),
    Parameter('fleet_collection', 'vpr_places',
              "Beginning of the name of the shared map's collection; robots with the same one "
              'share.', read_only=True, group='node'),
    Parameter('fleet_candidates', 50,
              'Places of other robots that each new place is compared with.', 1, 1000,
              read_only=True, group='node'),
    Parameter('fleet_timeout_s', 5.0, 'Longest wait for an answer of the shared map.', 0.1, 600.0,
              read_only=True, group='node'),
)

BY_NAME: Mapping[str, Parameter] = {parameter.name: parameter for parameter in PARAMETERS}


def validate(values: Mapping[str, Any], *, group: str | None = None) -> dict[str, Value]:
    """Check values against the table.

    Args:
        values: parameter name -> value.
        group: accept only parameters of this group; None accepts all.

    Returns:
        The values in their declared types.

    Raises:
        ConfigError: an unknown name (the sentence offers the nearest), or a bad value.
    """
    result = {}
    known = {p.name: p for p in PARAMETERS if group in (None, p.group)}
    for name, value in values.items():
        if name not in known:
            shown = str(name)[:LONGEST_SHOWN]
            nearest = _nearest(shown, known)
            raise ConfigError(f'unknown parameter {shown!r}; did you mean {nearest!r}?')
        result[name] = known[name].validate(value)
    return result


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f'{text[:LONGEST_SHOWN]}...'


def _nearest(name: str, known: Mapping[str, Parameter]) -> str:
    import difflib  # noqa: PLC0415 - only for the error

    found = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return found[0]
