# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A place to drive through: the same for the same seed, whatever the light and the traffic."""

from __future__ import annotations

from typing import Literal

from vpr_ros.errors import ConfigError
from vpr_ros.world.corridor import build_corridor
from vpr_ros.world.scene import Scene
from vpr_ros.world.town import build_town

WorldKind = Literal['town', 'corridor']


class World:
    """A procedural town or indoor corridor. Building one takes a second or two.

    Args:
        seed: which of the many worlds.
        kind: ``town`` or ``corridor``.
        scale: stretches the blocks and so the way around, in [0.7, 1.5].

    Attributes:
        scene: the geometry and textures.
    """

    def __init__(self, seed: int = 0, kind: WorldKind = 'town', *, scale: float = 1.0) -> None:
        if seed < 0:
            raise ConfigError(f'The seed of a world is {seed}, but it must not be negative; '
                              'choose 0 or more.')
        if not 0.7 <= scale <= 1.5:
            raise ConfigError(f'The scale of a world is {scale}, but it must lie in [0.7, 1.5]; '
                              'choose for example 1.')
        if kind not in ('town', 'corridor'):
            raise ConfigError(f'The kind of a world is {kind!r}, but it must be town or corridor; '
                              'choose one of them.')
        self.seed, self.kind, self.scale = seed, kind, scale
        self.scene: Scene = (build_town if kind == 'town' else build_corridor)(seed, scale)

    @property
    def lap_length_m(self) -> float:
        """Length of the way around, metres."""
        return self.scene.route.length_m

    def __repr__(self) -> str:
        return f'World(seed={self.seed}, kind={self.kind!r}, scale={self.scale})'
