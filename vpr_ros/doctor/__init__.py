# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with an installation, a model or a map, and how to mend it.

What needs a running ROS graph is looked at in :mod:`vpr_ros.ros.doctor`.
"""

from vpr_ros.doctor.finding import Finding, Level
from vpr_ros.doctor.installation import check_installation
from vpr_ros.doctor.map_file import check_map
from vpr_ros.doctor.middleware import check_middleware
from vpr_ros.doctor.model_file import check_model
from vpr_ros.doctor.set_up import check_parameters, SetUp

__all__ = [
    'Finding', 'Level', 'SetUp', 'check_installation', 'check_map', 'check_middleware',
    'check_model', 'check_parameters',
]
