# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network that can be cut: a TCP proxy between a robot and the server."""

from __future__ import annotations

from contextlib import suppress
import socket
import threading
from urllib.parse import urlsplit

CHUNK = 65536


class Link:
    """Forwards connections to a server until it is cut, and again when it is restored."""

    def __init__(self, uri: str) -> None:
        split = urlsplit(uri)
        assert split.hostname is not None and split.port is not None
        self._target = split.hostname, split.port
        self._guard = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._answers = threading.Event()
        self._answers.set()
        self._listener = self._listen(0)
        self._port = self._listener.getsockname()[1]
        self.uri = f'http://127.0.0.1:{self._port}'

    def cut(self) -> None:
        """Break every connection and refuse new ones."""
        with suppress(OSError):  # wakes the thread that waits in accept
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._guard:
            sockets, self._sockets = self._sockets, []
        for one in sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def restore(self) -> None:
        """Take connections again, at the same address."""
        self._answers.set()
        self._listener = self._listen(self._port)

    def lose_answers(self) -> None:
        """Let requests through and hold back what is answered."""
        self._answers.clear()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', port))
        listener.listen()
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                robot, _ = listener.accept()
                server = socket.create_connection(self._target)
                with self._guard:
                    self._sockets += [robot, server]
                for source, target, answers in ((robot, server, False), (server, robot, True)):
                    threading.Thread(
                        target=self._pump, args=(source, target, answers), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                if answers:
                    self._answers.wait()
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
