# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The trade study: what each choice costs, and what it gains, on the user's own data."""
