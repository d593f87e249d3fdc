# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The client library of Milvus, imported only where a fleet is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import importlib
import importlib.util
import logging
import os
from types import ModuleType
from typing import Any

from vpr_ros.errors import ConfigError
from vpr_ros.fleet.errors import FleetError

TOKEN = 'VPR_FLEET_TOKEN'  # a parameter could be read by everyone on the ROS network


def check_installed(uri: str) -> None:
    """Check, without importing it, that what a URI needs is installed.

    Raises:
        ConfigError: it is not; the sentence says what to install.
    """
    missing = [name for name in ('pymilvus', *(('milvus_lite',) if is_file(uri) else ()))
               if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(
            f'a shared map needs {" and ".join(missing)}, which is not installed; install the '
            f"extra: pip install 'vpr_ros[fleet]'"
        )


def is_file(uri: str) -> bool:
    """Whether a URI means Milvus Lite in this process rather than a server."""
    return '://' not in uri


def check_uri(uri: str) -> str:
    """Return a URI that the client takes.

    Raises:
        ConfigError: neither a server nor a .db file.
    """
    server = uri.startswith(('http://', 'https://', 'tcp://'))
    if not server and not (is_file(uri) and uri.endswith('.db')):
        raise ConfigError(
            f'fleet_uri: {uri[:100]!r} found, expected a Milvus server such as '
            f'http://192.168.1.10:19530, or a file that ends in .db'
        )
    return uri


def connect(uri: str, timeout_s: float) -> Any:
    """Return a connected ``MilvusClient``.

    Raises:
        FleetError: nobody answers.
        ConfigError: the library is missing.
    """
    check_installed(uri)
    pymilvus = library()
    with talking(uri, 'connect'):
        return pymilvus.MilvusClient(
            uri=uri, token=os.environ.get(TOKEN, ''), timeout=timeout_s)


def library() -> ModuleType:
    """``pymilvus``, told to keep its stack traces to itself: errors come as exceptions."""
    pymilvus = importlib.import_module('pymilvus')
    for name in ('pymilvus', 'milvus_lite'):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return pymilvus


@contextmanager
def talking(uri: str, doing: str) -> Iterator[None]:
    """Turn whatever the client raises into one sentence.

    Raises:
        FleetError: the shared map did not do what it was asked.
    """
    try:
        yield
    except (FleetError, ConfigError):
        raise
    except Exception as error:  # a foreign library and a network: neither may stop the robot
        reason = ' '.join(str(getattr(error, 'message', error)).split())[:200]
        raise FleetError(
            f'cannot {doing} the shared map at {uri} ({reason or type(error).__name__}); check '
            f'the network and the server, the robot goes on alone meanwhile'
        ) from error
