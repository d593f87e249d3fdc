# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A ROS context of these tests' own."""

from __future__ import annotations

from collections.abc import Iterator
import os

import pytest


@pytest.fixture(scope='session', autouse=True)
def ros() -> Iterator[None]:
    """Start rclpy on a domain that no robot is on."""
    rclpy = pytest.importorskip('rclpy')
    pytest.importorskip('vpr_msgs')
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    rclpy.init(domain_id=100 + os.getpid() % 100)
    yield
    rclpy.try_shutdown()
