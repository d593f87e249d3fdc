# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Backbones of the papers and of robots, cropped where place recognition crops them."""
