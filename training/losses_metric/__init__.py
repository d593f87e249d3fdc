# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Losses that SARE is compared with (Liu et al. 2019, table 5), and the peers' own scalings."""
