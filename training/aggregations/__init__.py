# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Aggregations: from a map of local features, or from tokens, to one vector."""
