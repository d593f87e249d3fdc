# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The claims of the papers, tried at a scale that two cores manage, and the page that says so."""
