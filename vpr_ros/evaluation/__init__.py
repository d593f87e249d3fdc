# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Data sets, metrics, replay, calibration and the report: how good is it, and where not."""
