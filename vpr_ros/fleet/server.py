# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Milvus Lite as a small server: for tests, a single machine, a few robots in one building.

Milvus Lite locks its folder for one process and does not promise that two writers at once are
safe, so one process serves all robots, one request after the other. Robots talk to it exactly as
they talk to a Milvus cluster.
"""

from __future__ import annotations

from contextlib import suppress
import importlib
import importlib.util
from pathlib import Path
import threading

from vpr_ros.errors import ConfigError
from vpr_ros.fleet.client import library, talking
from vpr_ros.fleet.errors import FleetError

DEFAULT_PORT = 19530  # that of Milvus
ONE_AT_A_TIME = 1


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
        serve = importlib.import_module('milvus_lite.adapter.grpc.server')
        try:
            with talking(f'{folder} on {host}:{port}', 'serve'):
                self._server, self._database, bound = serve.start_server_in_thread(
                    str(folder), host=host, port=port, max_workers=ONE_AT_A_TIME)
        except FleetError as error:
            raise FleetError(
                f'{folder} cannot be served on {host}:{port} ({error.__cause__}); choose a folder '
                f'that no other process serves, and a free port') from error
        self.uri = f'http://{host}:{bound}'
        self._closed = threading.Event()

    def wait(self) -> None:
        """Return when somebody calls :meth:`close`."""
        self._closed.wait()

    def close(self) -> None:
        """Answer what is under way, write everything, end. A second call does nothing."""
        if not self._closed.is_set():
            self._closed.set()
            self._server.stop(grace=2).wait()
            with suppress(OSError):
                self._database.close()

    def __enter__(self) -> LiteServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
