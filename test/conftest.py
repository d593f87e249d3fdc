# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# no test is about time: another process may have the processor while examples are made
settings.register_profile('vpr_ros', deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('vpr_ros')
