# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Latitude and longitude to UTM, in which data sets measure metres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEMI_MAJOR_AXIS_M = 6_378_137.0  # WGS 84
FLATTENING = 1 / 298.257223563
SCALE = 0.9996
FALSE_EAST_M, FALSE_NORTH_M = 500_000.0, 10_000_000.0


def zone_of(longitude_deg: float) -> int:
    """Return the six-degree zone, 1 to 60; no exceptions around Norway and Svalbard."""
    return int((longitude_deg + 180) // 6) % 60 + 1


def to_utm(latitude_deg: NDArray[np.float64], longitude_deg: NDArray[np.float64],
           zone: int | None = None) -> NDArray[np.float64]:
    """East and north in metres on the WGS 84 ellipsoid, by Krüger's series to third order.

    Args:
        latitude_deg: float64 (n,); negative in the south, where 10,000 km are added to north.
        longitude_deg: float64 (n,).
        zone: in which all are expressed; None takes the zone of the first.

    Returns:
        float64 (n, 2), right to a millimetre within a zone and its neighbours.
    """
    latitude = np.deg2rad(np.asarray(latitude_deg, np.float64))
    longitude = np.asarray(longitude_deg, np.float64)
    if not len(latitude):
        return np.zeros((0, 2))
    number = zone_of(float(longitude[0])) if zone is None else zone
    east = np.deg2rad(longitude - (6 * number - 183))
    n = FLATTENING / (2 - FLATTENING)
    radius_m = SEMI_MAJOR_AXIS_M / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    root = 2 * np.sqrt(n) / (1 + n)
    sine = np.sin(latitude)
    t = np.sinh(np.arctanh(sine) - root * np.arctanh(root * sine))
    xi = np.arctan2(t, np.cos(east))
    eta = np.arctanh(np.sin(east) / np.sqrt(1 + t**2))
    series = (n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16, 13 * n**2 / 48 - 3 * n**3 / 5,
              61 * n**3 / 240)
    x, y = eta.copy(), xi.copy()
    for j, factor in enumerate(series, 1):
        x += factor * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
        y += factor * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
    north = np.where(latitude < 0, FALSE_NORTH_M, 0.0)
    return np.column_stack([FALSE_EAST_M + SCALE * radius_m * x, north + SCALE * radius_m * y])
