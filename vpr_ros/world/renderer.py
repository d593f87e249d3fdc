# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From a scene, conditions and a camera pose to a picture and its depth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vpr_ros.types import FloatArray, ImageArray, Pose
from vpr_ros.world.camera import Camera, rotation_of
from vpr_ros.world.conditions import Conditions
from vpr_ros.world.faces import Faces
from vpr_ros.world.fields import light_fields
from vpr_ros.world.light import light_of
from vpr_ros.world.movers import Movers, turned_to
from vpr_ros.world.rasterizer import FAR_M, Rasterizer, Visible
from vpr_ros.world.scene import CELL_M, Scene
from vpr_ros.world.sensor import Sensor
from vpr_ros.world.sky import BOTTOM_RAD, HEIGHT_PX, paint_sky, TOP_RAD, WIDTH_PX
from vpr_ros.world.textures import gather, Texturer
from vpr_ros.world.weather import glow, Precipitation, reflect

_SNOW = (236.0, 240.0, 246.0)


class Renderer:
    """Draws one scene under one set of conditions through one camera.

    Args:
        scene: the world.
        conditions: hour, weather, season, traffic.
        camera: the camera.
        seed: of the world, for the far hills.
    """

    def __init__(self, scene: Scene, conditions: Conditions, camera: Camera, seed: int) -> None:
        self._scene, self._camera = scene, camera
        self.light = light_of(conditions, indoor=scene.indoor)
        self._movers = Movers(scene, conditions)
        self._still = Faces.joined([scene.faces, self._movers.parked])
        self._fields = light_fields(scene, self.light, self._movers.parked_m)
        self._sky = paint_sky(self.light, seed)
        self._rasterizer = Rasterizer(camera.width, camera.height)
        self._texturer = Texturer(scene.atlas, camera.width, camera.height)
        self._sensor = Sensor(camera, self.light)
        self._precipitation = Precipitation(camera, conditions, self.light, scene.indoor)
        self._inverse_k = np.linalg.inv(camera.matrix)
        self._angles = self._pixel_angles()

    def render(self, camera_pose: Pose, time_s: float, rng: np.random.Generator,
               ) -> tuple[ImageArray, FloatArray]:
        """Render the picture, uint8 (H, W, 3) RGB, and the depth, float32 (H, W), metres along z.

        Depth is ``inf`` where only the sky and the far hills are seen.
        """
        rotation = rotation_of(camera_pose)
        position = np.asarray(camera_pose.position_m)
        pixel_ray = rotation @ self._inverse_k
        faces = Faces.joined([self._still, self._movers.at(time_s, position),
                              turned_to(position, self._movers.standing, self._scene)])
        visible = self._rasterizer.draw(faces, self._scene.atlas.masks, pixel_ray, position)
        depth = 1.0 / np.maximum(visible.inverse_depth, np.float32(1.0 / FAR_M))
        texels, grain = self._texturer.look_up(faces, visible, depth)
        lit = self._illuminate(texels, faces, visible, depth, pixel_ray, position)
        image = self._colour(texels, grain, lit, faces, visible, depth)
        self._draw_sky(image, visible, rotation)
        self._soften_edges(image, visible)
        if self.light.wetness or self._scene.indoor:
            reflect(image, visible, faces, depth, self.light, self._scene.indoor)
        if self.light.lamps > 0 and not self._scene.indoor:
            glow(image, visible.inverse_depth, self._scene.lamps_m, pixel_ray, position,
                 self.light)
        self._precipitation.fall(image, rng)
        image = self._sensor.expose(image, rng)
        depth[visible.index == len(visible.face)] = np.inf
        return image, depth

    def _illuminate(self, texels: ImageArray, faces: Faces, visible: Visible, depth_m: FloatArray,
                    pixel_ray: NDArray[np.float64], position_m: NDArray[np.float64],
                    ) -> list[FloatArray]:
        """Factors on red, green and blue, and the share of snow or water, float32 (H, W) each."""
        light, index, face = self.light, visible.index, visible.face
        normals = faces.normals[face]
        fields = self._sample_fields(visible, normals, depth_m, pixel_ray, position_m)
        upward = normals[:, 2]
        ambient = 0.72 + 0.28 * upward
        if self._scene.indoor:
            ambient = np.where(upward < -0.5, 0.9, 0.75 + 0.12 * normals[:, 0] ** 2)
        sunlit = np.maximum(normals @ light.sun_direction.astype(np.float32), 0.0)
        sunlit[faces.cutout[face]] = 0.55
        fields[0] *= gather(ambient.astype(np.float32), index)
        fields[1] *= gather(sunlit, index)
        sources = light.gain * np.stack([light.ambient_rgb + 0.16 * light.sun_rgb, light.sun_rgb,
                                         light.lamp_rgb * light.lamps])
        active = [k for k in range(3) if sources[k].max() > 0]
        cover = fields[3]
        flat = faces.flat[face]
        if light.snow or light.wetness:
            cover = np.minimum(cover * gather(flat, index), 1.0)
        shine = np.where(faces.shine[face] < 0, -faces.shine[face] * light.daylight,
                         faces.shine[face] * light.lamps).astype(np.float32)
        glowing = np.zeros((), np.float32)
        if shine.max(initial=0.0) > 0:
            glowing = texels[..., 3].astype(np.float32)
            glowing *= np.float32(1.0 / 85.0)
            glowing -= 2.0
            np.clip(glowing, 0.0, 1.0, out=glowing)
            glowing *= gather(0.95 * shine, index)
        wet = 1.0 - 0.38 * gather(flat, index) if light.wetness else None
        factors = []
        for channel in range(3):
            factor = fields[active[0]] * np.float32(sources[active[0], channel])
            for k in active[1:]:
                factor += fields[k] * np.float32(sources[k, channel])
            np.sqrt(factor, out=factor)
            if wet is not None:
                factor *= wet
            factor += glowing
            factors.append(factor)
        return [*factors, cover]

    def _colour(self, texels: ImageArray, grain: FloatArray, lit: list[FloatArray], faces: Faces,
                visible: Visible, depth_m: FloatArray) -> ImageArray:
        """uint8 (H, W, 3): the lit surfaces behind the air, without the sky."""
        light, index = self.light, visible.index
        tint = faces.tint[visible.face]
        clear = None
        if light.fog_per_m > 0:
            clear = cv2.exp(depth_m * np.float32(-light.fog_per_m))
        channels = []
        for k, plane in enumerate(cv2.split(texels)[:3]):
            colour = plane * grain
            colour *= gather(tint[:, k], index)
            if light.snow:
                colour += (np.float32(_SNOW[k]) - colour) * lit[3]
            colour *= lit[k]
            if clear is not None:
                fog = np.float32(255.0 * light.fog_rgb[k])
                colour -= fog
                colour *= clear
                colour += fog
            channels.append(cv2.convertScaleAbs(colour))
        return np.asarray(cv2.merge(channels), np.uint8)

    def _sample_fields(self, visible: Visible, normals: FloatArray, depth_m: FloatArray,
                       pixel_ray: NDArray[np.float64], position_m: NDArray[np.float64],
                       ) -> list[FloatArray]:
        """Sky seen, sun seen, lamp light, snow or puddles, float32 (H, W) each; from half size."""
        index, z = visible.index[::2, ::2], depth_m[::2, ::2]
        height, width = z.shape
        x = np.arange(0, 2 * width, 2, dtype=np.float32)[None]
        y = np.arange(0, 2 * height, 2, dtype=np.float32)[:, None]
        points = []
        for axis in range(3):
            row = pixel_ray[axis].astype(np.float32)
            points.append(z * (x * row[0] + (y * row[1] + row[2])) + np.float32(position_m[axis]))
        above = points[2]
        origin = self._scene.plan.origin_m
        out_m = 0.55
        column = (points[0] + out_m * gather(normals[:, 0], index) - origin[0]) / CELL_M - 0.5
        row = (points[1] + out_m * gather(normals[:, 1], index) - origin[1]) / CELL_M - 0.5
        sampled = cv2.split(cv2.remap(
            self._fields, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE))
        # Corners are dark at the foot of a wall and see more of the sky higher up.
        share = np.clip(above * np.float32(0.16), 0.0, 0.85)
        sky = sampled[2] + (1.0 - sampled[2]) * share
        sun = np.clip((above + 0.35 - sampled[0]) * np.float32(1.8), 0.0, 1.0)
        fade = np.clip(1.15 - np.abs(above - 3.2) * np.float32(0.17), 0.06, 1.0)
        if self._scene.indoor:
            fade = 0.75 + 0.1 * above
        lamp = sampled[1] * fade
        if not self._scene.indoor:
            lamp += np.clip(1.3 - z * 0.07, 0.0, 1.0) * np.float32(0.16)  # the robot's own light
        full = (depth_m.shape[1], depth_m.shape[0])
        return [np.asarray(cv2.resize(field, full, interpolation=cv2.INTER_LINEAR), np.float32)
                for field in (sky, sun, lamp, sampled[3])]

    def _pixel_angles(self) -> tuple[FloatArray, FloatArray]:
        """Panorama column (of heading 0) and row of each pixel, float32 (H, W)."""
        level = rotation_of(self._camera.pose_on(Pose((0.0, 0.0, 0.0))))
        x, y = np.meshgrid(np.arange(self._camera.width), np.arange(self._camera.height))
        rays = np.stack([x, y, np.ones_like(x)], axis=-1) @ (level @ self._inverse_k).T
        azimuth = np.arctan2(rays[..., 1], rays[..., 0])
        elevation = np.arctan2(rays[..., 2], np.hypot(rays[..., 0], rays[..., 1]))
        column = azimuth * (WIDTH_PX / (2 * np.pi))
        row = (TOP_RAD - elevation) * ((HEIGHT_PX - 1) / (TOP_RAD - BOTTOM_RAD))
        return column.astype(np.float32), np.clip(row, 0, HEIGHT_PX - 1).astype(np.float32)

    def _draw_sky(self, image: ImageArray, visible: Visible, rotation: NDArray[np.float64],
                  ) -> None:
        empty = visible.index == len(visible.face)
        rows = np.flatnonzero(empty.any(axis=1))
        if not len(rows):
            return
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        heading = np.arctan2(rotation[1, 2], rotation[0, 2])
        column = self._angles[0][part] + np.float32(heading * WIDTH_PX / (2 * np.pi))
        # The panorama closes on itself, so columns wrap around.
        sky = cv2.remap(self._sky, column, self._angles[1][part], cv2.INTER_LINEAR,
                        borderMode=cv2.BORDER_WRAP)
        cv2.copyTo(sky, empty[part].view(np.uint8), image[part])

    @staticmethod
    def _soften_edges(image: ImageArray, visible: Visible) -> None:
        """Blur lightly where two faces meet, against stair-steps."""
        index = visible.index
        edge = np.zeros(index.shape, np.bool_)
        across = index[:, 1:] != index[:, :-1]
        down = index[1:] != index[:-1]
        edge[:, 1:] |= across
        edge[:, :-1] |= across
        edge[1:] |= down
        edge[:-1] |= down
        cv2.copyTo(cv2.GaussianBlur(image, (3, 3), 0.7), edge.view(np.uint8), image)
