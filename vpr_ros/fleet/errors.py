# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between a robot and the map that it shares with others."""

from vpr_ros.errors import VprError


class FleetError(VprError):
    """The shared map cannot be reached or used; the robot goes on alone meanwhile."""
