# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What SLAM systems take from a place recogniser, as they define it; nothing here knows rclpy."""
