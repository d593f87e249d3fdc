# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Relative poses between two images: local features, a rigid transform, its covariance."""
