# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Message types of other packages, loaded when an adapter starts."""

from __future__ import annotations

import importlib
from typing import Any

from vpr_ros.errors import RosError


def load(type_name: str) -> Any:
    """Load the class of ``package/msg/Name`` or ``package/srv/Name``.

    ``package/srv/Name_Request`` is the request of that service.

    Raises:
        RosError: the package is not installed, or has no such type.
    """
    package, kind, name = type_name.split('/')
    name, _, part = name.partition('_')
    try:
        found = getattr(importlib.import_module(f'{package}.{kind}'), name)
    except ImportError as error:
        raise RosError(
            f'{type_name} cannot be loaded, package {package} is not installed here ({error}); '
            f'install it (on ROS 2: apt install ros-$ROS_DISTRO-{package.replace("_", "-")}, or '
            'build it in this workspace) and source the workspace') from error
    except AttributeError as error:
        raise RosError(f'package {package} is installed without {type_name}; it is another '
                       'version than this adapter was made for') from error
    return getattr(found, part) if part else found


class RosMessages:
    """Makes messages of the installed packages."""

    def __init__(self) -> None:
        self._types: dict[str, Any] = {}

    def __call__(self, type_name: str, /, **fields: Any) -> Any:
        """Make a message, see :class:`vpr_ros.slam.messages.Make`.

        Raises:
            RosError: its package is not installed.
        """
        if type_name not in self._types:
            self._types[type_name] = load(type_name)
        return self._types[type_name](**fields)
