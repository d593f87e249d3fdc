# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lost and found: where in a stored map the robot is, and whether it knows.

A Bayes filter over the places of the map, see :mod:`vpr_ros.relocalization.belief`, made a state
with hysteresis by :class:`Relocalizer`.
"""

from vpr_ros.relocalization.relocalizer import Localization, Relocalizer

__all__ = ['Localization', 'Relocalizer']
