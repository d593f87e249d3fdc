# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What differs between two drives through one world: hour, weather, season and traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args, Literal

from vpr_ros.errors import ConfigError

Weather = Literal['clear', 'overcast', 'rain', 'snow', 'fog']
Season = Literal['spring', 'summer', 'autumn', 'winter']


@dataclass(frozen=True)
class Conditions:
    """Light, weather, season and who is in the street. The static geometry never depends on it.

    Attributes:
        time_of_day_h: local time, hours in [0, 24).
        weather: ``clear``, ``overcast``, ``rain``, ``snow`` or ``fog``.
        season: ``spring``, ``summer``, ``autumn`` or ``winter``: height of the sun and trees.
        traffic_seed: which cars are parked, which cars and people move, shades of trees.
    """

    time_of_day_h: float = 13.0
    weather: Weather = 'clear'
    season: Season = 'summer'
    traffic_seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.time_of_day_h < 24.0:
            raise ConfigError(f'The time of day is {self.time_of_day_h} h, but it must lie in '
                              '[0, 24); choose for example 13.5, half past one.')
        for name, value, allowed in (('weather', self.weather, get_args(Weather)),
                                     ('season', self.season, get_args(Season))):
            if value not in allowed:
                raise ConfigError(f'The {name} is {value!r}, but it must be one of '
                                  f'{", ".join(allowed)}; choose one of them.')
        if self.traffic_seed < 0:
            raise ConfigError(f'The traffic seed is {self.traffic_seed}, but it must not be '
                              'negative; choose 0 or more.')

    @classmethod
    def day(cls, traffic_seed: int = 0) -> Conditions:
        """Return a clear summer's early afternoon."""
        return cls(13.0, 'clear', 'summer', traffic_seed)

    @classmethod
    def morning(cls, traffic_seed: int = 0) -> Conditions:
        """Low sun on a clear spring morning."""
        return cls(8.0, 'clear', 'spring', traffic_seed)

    @classmethod
    def overcast(cls, traffic_seed: int = 0) -> Conditions:
        """Return a grey autumn day without shadows."""
        return cls(12.0, 'overcast', 'autumn', traffic_seed)

    @classmethod
    def dusk(cls, traffic_seed: int = 0) -> Conditions:
        """Return dusk: the sun has just set, the lamps are on."""
        return cls(21.0, 'clear', 'summer', traffic_seed)

    @classmethod
    def night(cls, traffic_seed: int = 0) -> Conditions:
        """Lamps and lit windows only."""
        return cls(23.0, 'clear', 'summer', traffic_seed)

    @classmethod
    def rain(cls, traffic_seed: int = 0) -> Conditions:
        """Return a wet autumn afternoon."""
        return cls(15.0, 'rain', 'autumn', traffic_seed)

    @classmethod
    def snow(cls, traffic_seed: int = 0) -> Conditions:
        """Return a winter noon under snow, and it still snows."""
        return cls(12.0, 'snow', 'winter', traffic_seed)

    @classmethod
    def fog(cls, traffic_seed: int = 0) -> Conditions:
        """Fog on a spring morning."""
        return cls(9.0, 'fog', 'spring', traffic_seed)
