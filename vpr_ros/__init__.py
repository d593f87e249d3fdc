# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A sense of place for robots: visual place recognition and loop closure for ROS 2.

Read :mod:`vpr_ros.types` first, then :mod:`vpr_ros.pipeline`: the one shows what flows, the other
how. Nothing outside :mod:`vpr_ros.ros` imports rclpy, and nothing here imports torch.
"""

__version__ = '0.1.0'
