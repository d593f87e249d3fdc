# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node that looks at others, in a context of its own, and ends without a trace."""

from __future__ import annotations

import rclpy
from rclpy.executors import SingleThreadedExecutor


class OwnNode:
    """Joins the graph beside whatever else the process runs.

    Attributes:
        node: without parameter services.
        executor: spun by the owner.
        domain: the domain it joined.
    """

    def __init__(self, name: str, *, domain: int | None = None, rosout: bool = True) -> None:
        """Join a domain.

        Args:
            name: of the node.
            domain: None takes that of the environment.
            rosout: publish what the node logs.
        """
        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=domain)
        self.domain = self._context.get_domain_id()
        self.node = rclpy.create_node(
            name, context=self._context, start_parameter_services=False, enable_rosout=rosout)
        self.executor = SingleThreadedExecutor(context=self._context)
        self.executor.add_node(self.node)

    def close(self) -> None:
        """Leave the graph."""
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)
