# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ROS 2 half: the only package here that imports rclpy.

:mod:`.place_recognition` is the executable, :mod:`.node` the lifecycle node that it runs. The
node's other modules are one idea each: what comes in (:mod:`.camera`, :mod:`.odometry`), who does
the work (:mod:`.worker`, :mod:`.stream`, :mod:`.engine`), what goes out (:mod:`.outputs`,
:mod:`.conversions`, :mod:`.markers`, :mod:`.match_image`, :mod:`.diagnostics`, :mod:`.updater`),
and what is answered (:mod:`.services`, :mod:`.builder`, :mod:`.confinement`).
"""
