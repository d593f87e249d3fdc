# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Put a recogniser together from names and paths: for the node and for every command."""

from __future__ import annotations

import json
from pathlib import Path

from vpr_ros.decision.calibration import Calibration
from vpr_ros.errors import MapError
from vpr_ros.model import load_model, Model
from vpr_ros.pipeline import PlaceRecognizer
from vpr_ros.place_map import ModelIdentity, PlaceMap
from vpr_ros.settings import Settings

IN_MEMORY = ':memory:'


def model_identity(model: Model) -> ModelIdentity:
    """Return what a map stores of the model that built it."""
    card = model.card
    return ModelIdentity(card.name, card.sha256, card.global_dim, json.dumps(dict(card.raw)))


def model_of(settings: Settings) -> Model:
    """Load the model that the settings name.

    Raises:
        ModelError: it is missing, damaged, or does not do what its card says.
    """
    return load_model(settings.model, provider=settings.provider, threads=settings.threads)


def open_map(
    path: str | Path, model: Model, *, mapping: bool, context_window: int = 0,
    index: str = 'auto',
) -> PlaceMap:
    """Open a map, or make it where mapping may.

    Args:
        path: a file; '' or ':memory:' keeps the map in memory until it is saved.
        model: the model that describes the images.
        mapping: create a missing map, and open an existing one for writing.
        context_window: of a map that is made, see :mod:`vpr_ros.context`.
        index: kind of search index, see :mod:`vpr_ros.place_map.indexes.kinds`.

    Raises:
        MapError: missing in localization, damaged, in use, or built with another model.
    """
    identity = model_identity(model)
    if str(path) in ('', IN_MEMORY):
        if not mapping:
            raise MapError('localization needs a map; set map_path to a .vprmap file')
        return PlaceMap.create(IN_MEMORY, identity, context_window=context_window, index=index)
    if mapping and not Path(path).exists():
        return PlaceMap.create(path, identity, context_window=context_window, index=index)
    return PlaceMap.open(path, model=identity, read_only=not mapping, index=index)


def open_recognizer(
    settings: Settings,
    *,
    map_path: str | Path = '',
    mapping: bool = True,
    session: str = '',
    robot: str = '',
    model: Model | None = None,
    go_on: bool = False,
) -> PlaceRecognizer:
    """Load the model and the map and put the pipeline together.

    Args:
        settings: names the model and the calibration.
        map_path: see :func:`open_map`.
        mapping: recognise and grow the map; False only reads it.
        session: name of this drive in the map.
        robot: name of the robot that drives.
        model: use this one, already loaded, instead of the one that the settings name.
        go_on: begin no session; the caller goes on with one.

    Raises:
        ModelError, MapError, ConfigError: one of them cannot be used; the sentence says why.
    """
    model = model or model_of(settings)
    calibration = Calibration.load(settings.calibration) if settings.calibration else None
    place_map = open_map(
        map_path, model, mapping=mapping, context_window=settings.context_keyframes,
        index=settings.index,
    )
    if mapping and not go_on:
        place_map.new_session(session, robot=robot)
    return PlaceRecognizer(model, place_map, settings, mapping=mapping, calibration=calibration)
