# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Adapter nodes: what place_recognition says, as the SLAM systems people run take it."""
