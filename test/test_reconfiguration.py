# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the table calls live is live: changed while running is the same as set from the start."""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses
from pathlib import Path
from typing import Any

from helpers import place_image, tiny_model
import numpy as np
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.parameters import Parameter, PARAMETERS
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.settings import Settings
from vpr_ros.types import Frame, Recognition

LAP = 12  # places, 2 m and 2 s apart
BASE: dict[str, Any] = {
    'min_probability': 0.5, 'recent_distance_m': 8.0, 'recent_time_s': 8.0,
    'neighbourhood_m': 3.0, 'neighbourhood_s': 3.0, 'sequence_window_m': 8.0,
    'sequence_window_s': 8.0, 'thumbnail_width_px': 32, 'threads': 1, 'provider': 'cpu',
}
# a value that a drive feels, and whether it needs odometry to be felt
VALUES: dict[str, tuple[Any, bool]] = {
    'keyframe_distance_m': (5.0, True), 'keyframe_interval_s': (5.0, False),
    'keyframe_novelty': (2.0, True), 'keyframe_standstill': (1.0, False),
    'recent_distance_m': (1000.0, True), 'recent_time_s': (1000.0, False),
    'neighbourhood_m': (1000.0, True), 'neighbourhood_s': (1000.0, False),
    'candidates': (1, True), 'max_matches': (1, True), 'min_probability': (1.0, True),
    'min_similarity': (1.0, True), 'min_margin': (2.0, True), 'min_spatial_score': (1.0, True),
    'min_sequence_support': (1.0, True), 'sequence_window_m': (0.0, True),
    'sequence_window_s': (0.0, False), 'max_places': (5, True), 'thumbnail_width_px': (0, True),
    'deadline_ms': (1e-6, True), 'max_map_mb': (0.05, True),
}
LIVE = [p for p in PARAMETERS if p.group == 'pipeline' and not p.read_only]
# not felt by a drive without patches: re-ranking is refused there, and a deadline sheds nothing
SILENT = {'deadline_ms', 'min_spatial_score'}
# their effect depends on the others too much for a drive of coloured blocks
SUBTLE = {'keyframe_novelty', 'keyframe_distance_m', 'keyframe_interval_s', 'max_map_mb',
          'neighbourhood_m', 'neighbourhood_s'}


def frames(*, odometry: bool) -> Iterator[Frame]:
    """Two laps past the same places, between which the light changes."""
    for step in range(2 * LAP):
        noise = np.random.default_rng(step).integers(0, 40, (96, 128, 3), np.uint8)
        image = place_image(step % LAP) // 2 + noise
        yield Frame(image, (step + 1) * 2_000_000_000, 'camera',
                    travelled_m=2.0 * step if odometry else None)


def drive(recognizer: PlaceRecognizer, *, odometry: bool) -> tuple[list[Recognition], int]:
    """All answers, without how long they took; and the bytes of all thumbnails."""
    with recognizer.place_map as place_map:
        answers = [dataclasses.replace(recognizer.process(frame), latency_ms={})
                   for frame in frames(odometry=odometry)]
        pictures = sum(len(place_map.thumbnail(p.place_id)) for p in place_map.places())
    return answers, pictures


def recognizer(model: Path, **changed: Any) -> PlaceRecognizer:
    """Make a recogniser in memory."""
    return open_recognizer(Settings(model=str(model), **{**BASE, **changed}))


def another(parameter: Parameter) -> tuple[Any, bool]:
    """Choose an allowed value that is not the one of the start, and whether odometry is on."""
    if parameter.name in VALUES:
        return VALUES[parameter.name]
    allowed = [v for v in (parameter.maximum, parameter.minimum, *parameter.choices)
               if v is not None and v != parameter.default]
    return parameter.validate(allowed[0]), True


@pytest.mark.parametrize(
    'parameter', [p for p in LIVE if p.name != 'rerank'], ids=lambda parameter: parameter.name)
def test_changed_while_running_is_set_from_the_start(
    parameter: Parameter, tmp_path: Path
) -> None:
    model = tiny_model(tmp_path)
    value, odometry = another(parameter)
    expected = drive(recognizer(model, **{parameter.name: value}), odometry=odometry)
    changed = recognizer(model)
    changed.configure(changed.settings.replace(**{parameter.name: value}))
    found = drive(changed, odometry=odometry)
    assert repr(found) == repr(expected)  # repr, for NaN is not itself
    if parameter.name in VALUES and parameter.name not in SILENT | SUBTLE:
        assert repr(found) != repr(drive(recognizer(model), odometry=odometry)), 'not felt'
