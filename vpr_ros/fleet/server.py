# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Milvus Lite as a small server: for tests, a single machine, a few robots in one building.

Milvus Lite locks its folder for one process and does not promise that two writers at once are
safe, so one process serves all robots, one request after the other. Robots talk to it exactly as
they talk to a Milvus cluster.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
import importlib
import importlib.util
from pathlib import Path
from typing import Any

from vpr_ros.errors import ConfigError
from vpr_ros.fleet.client import library
from vpr_ros.fleet.errors import FleetError

DEFAULT_PORT = 19530  # that of Milvus
ONE_AT_A_TIME = 1
OPTIONS = (
    ('grpc.so_reuseport', 0),  # a port that is taken is an error
    # clients ask every ten seconds whether the server is there, which gRPC takes for an attack
    ('grpc.http2.min_ping_interval_without_data_ms', 5_000),
    ('grpc.http2.max_ping_strikes', 0),
    ('grpc.max_receive_message_length', 64 * 1024 * 1024),
)


class LiteServer:
    """Serves from construction to :meth:`close`.

    Args:
        folder: of the data; made when it is missing.
        host: ``127.0.0.1`` lets nobody in from outside. The server asks for no password.
        port: 0 takes a free one.

    Attributes:
        uri: for the robots.

    Raises:
        ConfigError: Milvus Lite is not installed.
        FleetError: the folder or the port is in use.
    """

    def __init__(
        self, folder: Path, *, host: str = '127.0.0.1', port: int = DEFAULT_PORT
    ) -> None:
        missing = [name for name in ('pymilvus', 'milvus_lite')
                   if importlib.util.find_spec(name) is None]
        if missing:
            raise ConfigError(
                f'serving a shared map needs {" and ".join(missing)}, which is not installed; '
                f"install the extra: pip install 'vpr_ros[fleet]'")
        library()
        lite, grpc = importlib.import_module('milvus_lite'), importlib.import_module('grpc')
        servicer = importlib.import_module('milvus_lite.adapter.grpc.servicer').MilvusServicer
        register = importlib.import_module('pymilvus.grpc_gen.milvus_pb2_grpc')
        self._database: Any = None
        try:
            self._database = lite.MilvusLite(str(folder))
            self._server = grpc.server(ThreadPoolExecutor(ONE_AT_A_TIME), options=OPTIONS)
            register.add_MilvusServiceServicer_to_server(servicer(self._database), self._server)
            bound = self._server.add_insecure_port(f'{host}:{port}')
            self._server.start()
        except Exception as error:  # of a foreign library, about a folder or a port
            if self._database is not None:
                self._database.close()
            raise FleetError(
                f'{folder} cannot be served on {host}:{port} ({str(error)[:200]}); choose a '
                f'folder that no other process serves, and a free port') from error
        self.uri = f'http://{host}:{bound}'
        self._closed = False

    def close(self) -> None:
        """Answer what is under way, write everything, end. A second call does nothing."""
        if not self._closed:
            self._closed = True
            self._server.stop(grace=2).wait()
            with suppress(OSError):
                self._database.close()

    def __enter__(self) -> LiteServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
