# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What to fill the robot's own body with: recall in the rendered world, fill by fill.

``python -m vpr_ros.evaluation.mask_study 301 302`` drives a street of each of these towns by day
and again at dusk, with a bonnet and a mast painted into every image, and finds the places of the
day with the images of the dusk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import sys

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.assembly import model_of
from vpr_ros.cameras.mask import BodyMask, FILLS
from vpr_ros.context import centred, Context
from vpr_ros.model import Model
from vpr_ros.settings import Settings
from vpr_ros.types import FloatArray, ImageArray, Pose
from vpr_ros.world import Camera, Conditions, Drive, World

WIDTH, HEIGHT = 320, 240
NEAR_M = 8.0
MAP_M, QUERY_M = 160.0, 120.0
WINDOW = 40
MaskArray = NDArray[np.bool_]


def body() -> MaskArray:
    """Draw a bonnet over the lower third and a mast at the right, a third in all: bool (H, W)."""
    drawn = np.zeros((HEIGHT, WIDTH), np.uint8)
    bonnet = np.array([[0, HEIGHT], [0, 180], [60, 160], [260, 160], [WIDTH, 180],
                       [WIDTH, HEIGHT]])
    cv2.fillPoly(drawn, [bonnet.astype(np.int32)], (1,))
    cv2.rectangle(drawn, (250, 0), (275, HEIGHT), (1,), -1)
    return np.asarray(drawn > 0)


def painted(image: ImageArray, hidden: MaskArray, shade: float) -> ImageArray:
    """Paint the body into the image: a paint with a gloss that the light of the day changes."""
    gloss = np.linspace(1.4, 0.6, WIDTH)[None, :, None] * np.array([180.0, 60.0, 40.0]) * shade
    result = image.copy()
    result[hidden] = np.clip(np.broadcast_to(gloss, image.shape), 0, 255).astype(np.uint8)[hidden]
    return result


def descriptors(model: Model, images: list[ImageArray]) -> FloatArray:
    """float32 (n, D), centred as on a drive."""
    context, rows = Context(WINDOW), []
    for image in images:
        plain = model.describe(image).global_descriptor
        rows.append(centred(plain, context.mean(plain)))
        context.push(plain)
    return np.stack(rows)


def recall_and_margin(
    database: FloatArray, queries: FloatArray, database_poses: list[Pose], poses: list[Pose]
) -> tuple[float, float]:
    """Share of queries whose best place is near, and mean similarity of near over far places."""
    mean = database.mean(axis=0)
    rows = [matrix - mean for matrix in (database, queries)]
    units = [matrix / np.linalg.norm(matrix, axis=1, keepdims=True) for matrix in rows]
    similarity = units[1] @ units[0].T
    near = np.array([[q.distance_m(p) <= NEAR_M for p in database_poses] for q in poses])
    right = near[np.arange(len(poses)), similarity.argmax(axis=1)]
    best_near = np.where(near, similarity, -1.0).max(axis=1)
    best_far = np.where(near, -1.0, similarity).max(axis=1)
    return float(right.mean()), float((best_near - best_far).mean())


def main(towns: Sequence[int]) -> None:
    """Print the table, the mean over some towns."""
    model = model_of(Settings(provider='cpu'))
    hidden = body()
    masks = {name: BodyMask(hidden, fill=name) for name in FILLS}

    def filled(mask: BodyMask) -> Callable[[ImageArray, float], ImageArray]:
        return lambda image, shade: mask(painted(image, hidden, shade))

    treat: dict[str, Callable[[ImageArray, float], ImageArray]] = {
        'body left in': lambda image, shade: painted(image, hidden, shade),
        **{f'filled: {name}': filled(mask) for name, mask in masks.items()},
        'no body': lambda image, _: image,
    }
    table: dict[str, list[tuple[float, ...]]] = {name: [] for name in treat}
    for town in towns:
        world, camera = World(seed=town), Camera(WIDTH, HEIGHT)
        day = Drive(world, Conditions(), seed=1, rate_hz=2.0, camera=camera, length_m=MAP_M)
        dusk = Drive(world, Conditions.dusk(), seed=2, rate_hz=1.5, camera=camera,
                     length_m=QUERY_M, start_m=20.0)
        map_images, query_images = ([f.image for f in drive] for drive in (day, dusk))
        poses = [[drive.pose(i) for i in range(len(drive))] for drive in (day, dusk)]
        clear = descriptors(model, map_images)
        for name, made in treat.items():
            queries = descriptors(model, [made(image, 0.5) for image in query_images])
            same = descriptors(model, [made(image, 1.0) for image in map_images])
            table[name].append((*recall_and_margin(same, queries, *poses),
                                *recall_and_margin(clear, queries, *poses)))
    print('| | recall@1, both with the body | margin | recall@1, map without it | margin |')
    print('|---|---|---|---|---|')
    for name, rows in table.items():
        a, b, c, d = np.mean(rows, axis=0)
        print(f'| {name} | {a:.3f} | {b:+.3f} | {c:.3f} | {d:+.3f} |')


if __name__ == '__main__':
    main([int(word) for word in sys.argv[1:]] or [301])
