# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What differs between drives: parked cars, cars and people on their way, the season of trees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray
from vpr_ros.world.conditions import Conditions
from vpr_ros.world.faces import FaceList, Faces
from vpr_ros.world.scene import Billboards, Scene

_CLEARANCE_M = 1.6

_PAINTS = np.array([
    (0.95, 0.95, 0.95), (0.16, 0.17, 0.19), (0.55, 0.57, 0.60), (0.62, 0.10, 0.10),
    (0.14, 0.24, 0.52), (0.30, 0.34, 0.36), (0.16, 0.34, 0.26), (0.78, 0.70, 0.55),
    (0.80, 0.58, 0.16), (0.36, 0.52, 0.66)], np.float32)


@dataclass(frozen=True)
class _Walker:
    start_m: NDArray[np.float64]
    step_m: NDArray[np.float64]
    length_m: float
    speed_mps: float
    phase_m: float
    textures: tuple[int, int]
    height_m: float


class Movers:
    """Everything in the street that is not the street.

    Attributes:
        parked: faces of parked cars.
        parked_m: float64 (P, 3), where they stand: x, y, heading.
        standing: trees of the season and the lamps.
    """

    def __init__(self, scene: Scene, conditions: Conditions) -> None:
        rng = np.random.default_rng([conditions.traffic_seed, 41])
        self._scene = scene
        taken = rng.random(len(scene.parking_m)) < 0.55
        self.parked_m = scene.parking_m[taken]
        cars = [self._car(rng, x, y, heading + np.pi * (rng.random() < 0.1)
                          + rng.normal(0, 0.02)) for x, y, heading in self.parked_m]
        self.parked = Faces.joined([FaceList().faces(), *cars])
        trees = scene.trees[conditions.season]
        tint = trees.tint * rng.normal(1.0, 0.06, (len(trees.tint), 1)).astype(np.float32)
        self.standing = _joined([replace(trees, tint=tint), scene.lamp_sprites])
        self._cars = []
        for _ in range(int(rng.integers(4, 9)) if not scene.indoor else 0):
            self._cars.append((self._car(rng, 0.0, 0.0, 0.0), rng.uniform(5.0, 10.0),
                               rng.uniform(0.0, scene.route.length_m)))
        self._walkers = []
        for _ in range(int(rng.integers(26, 44) if not scene.indoor else rng.integers(5, 11))):
            if not len(scene.walks_m) or not scene.person_textures:
                break
            start, end = scene.walks_m[int(rng.integers(len(scene.walks_m)))]
            if rng.random() < 0.5:
                start, end = end, start
            length = float(np.linalg.norm(end - start))
            direction = (end - start) / length
            # Indoors people keep to their right, where the robot does not drive towards them.
            shift = rng.uniform(-0.9, -0.5) if scene.indoor else rng.uniform(-0.6, 0.6)
            aside = np.array([-direction[1], direction[0]]) * shift
            self._walkers.append(_Walker(
                start + aside, direction, length, rng.uniform(0.8, 1.6), rng.uniform(0, length),
                scene.person_textures[int(rng.integers(len(scene.person_textures)))],
                rng.uniform(1.70, 2.0)))

    def at(self, time_s: float, camera_m: NDArray[np.float64]) -> Faces:
        """Faces of cars and people on their way at this moment."""
        route, parts = self._scene.route, [FaceList().faces()]
        for car, speed, phase in self._cars:
            # They come towards those who drive along the route.
            x, y, heading = route.beside(phase - speed * time_s, self._scene.lane_m)
            if np.hypot(x - camera_m[0], y - camera_m[1]) > 2.0:
                parts.append(placed(car, x, y, heading + np.pi))
        rows = []
        for walker in self._walkers:
            along = (walker.phase_m + walker.speed_mps * time_s) % walker.length_m
            x, y = walker.start_m + along * walker.step_m
            if np.hypot(x - camera_m[0], y - camera_m[1]) < _CLEARANCE_M:
                continue
            texture = walker.textures[int(along / 0.7) % 2]
            rows.append(((x, y, 0.0), 0.5 * walker.height_m, walker.height_m, texture))
        if rows:
            count = len(rows)
            parts.append(turned_to(camera_m, Billboards(
                np.array([row[0] for row in rows], np.float32),
                np.array([row[1:3] for row in rows], np.float32),
                np.array([row[3] for row in rows], np.int32), np.ones((count, 3), np.float32),
                np.zeros(count, np.float32)), self._scene))
        return Faces.joined(parts)

    def _car(self, rng: np.random.Generator, x: float, y: float, heading: float) -> Faces:
        template = self._scene.car_templates[int(rng.integers(len(self._scene.car_templates)))]
        paint = _PAINTS[int(rng.integers(len(_PAINTS)))] * rng.uniform(0.9, 1.08)
        tint = template.tint * paint.astype(np.float32)
        return placed(replace(template, tint=tint), x, y, heading)


def placed(faces: Faces, x_m: float, y_m: float, heading_rad: float) -> Faces:
    """``faces`` turned about the vertical and moved to (x, y)."""
    cosine, sine = np.cos(heading_rad), np.sin(heading_rad)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], np.float32)
    move = np.array([x_m, y_m, 0.0], np.float32)
    forms = []
    for form in (faces.u, faces.v):
        slope = form[:, :3] @ turn.T
        forms.append(np.concatenate([slope, (form[:, 3] - slope @ move)[:, None]], axis=1))
    return replace(faces, corners=faces.corners @ turn.T + move, normals=faces.normals @ turn.T,
                   u=forms[0], v=forms[1])


def turned_to(camera_m: NDArray[np.float64], boards: Billboards, scene: Scene) -> Faces:
    """One upright face per billboard, turned to the camera about the vertical."""
    towards = camera_m[None, :2] - boards.position_m[:, :2]
    towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-6)
    count = len(boards.texture)
    right = np.zeros((count, 3), np.float32)
    right[:, 0], right[:, 1] = -towards[:, 1], towards[:, 0]
    up = np.array([0, 0, 1], np.float32)
    wide, tall = boards.size_m[:, :1], boards.size_m[:, 1:]
    left = boards.position_m - right * wide / 2
    corners = np.stack([left + up * tall, left + right * wide + up * tall, left + right * wide,
                        left], axis=1).astype(np.float32)
    size = scene.atlas.sizes[boards.texture]
    u = np.zeros((count, 4), np.float32)
    v = np.zeros((count, 4), np.float32)
    u[:, :3] = right * size[:, :1] / wide
    v[:, 2] = -size[:, 1] / tall[:, 0]
    u[:, 3] = -np.einsum('ij,ij->i', u[:, :3], corners[:, 0])
    v[:, 3] = -v[:, 2] * corners[:, 0, 2]
    normals = np.zeros((count, 3), np.float32)
    normals[:, :2] = 0.6 * towards
    normals[:, 2] = 0.5
    return Faces(corners, normals, boards.texture, u, v, boards.tint, np.zeros(count, np.int32),
                 np.ones(count, np.bool_), boards.flat, np.ones(count, np.float32))


def _joined(parts: list[Billboards]) -> Billboards:
    names: tuple[str, ...] = tuple(Billboards.__dataclass_fields__)
    columns: dict[str, FloatArray] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Billboards(**columns)  # type: ignore[arg-type]
