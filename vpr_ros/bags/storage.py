# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Open the files of a recording and read their raw messages in the order of their log time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, ExitStack
from dataclasses import dataclass
import heapq
from pathlib import Path
from typing import NamedTuple

from rosbags.rosbag2 import Reader

from vpr_ros.bags.folder import natural_order
from vpr_ros.errors import DataError, VprError

STORAGE_SUFFIXES = ('.mcap', '.db3')


@dataclass(frozen=True)
class TopicInfo:
    """One topic of a recording: its name, message type and number of messages."""

    name: str
    type: str  # noqa: A003
    count: int


class RawMessage(NamedTuple):
    """A message as it was recorded; ``raw`` is its CDR."""

    topic: str
    log_time_ns: int
    raw: bytes
    type: str  # noqa: A003


class Storage:
    """The files of one recording, open. Topics are merged, messages come by log time."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Open all files.

        Raises:
            DataError: a path is missing, no bag, or damaged.
        """
        if not paths:
            raise DataError('no bag was given; name at least one rosbag2 folder or file')
        self._stack = ExitStack()
        self._readers: list[tuple[Path, Reader]] = []
        try:
            for path in [file for given in paths for file in storage_files(given)]:
                if path.suffix == '.db3' or any(path.glob('*.db3')):
                    check_sqlite_path(path)
                with naming(path):
                    self._readers.append((path, self._stack.enter_context(Reader(path))))
        except VprError:
            self.close()
            raise
        topics: dict[tuple[str, str], int] = {}
        for _, reader in self._readers:
            for connection in reader.connections:
                key = (connection.topic, connection.msgtype)
                topics[key] = topics.get(key, 0) + connection.msgcount
        self.topics = tuple(TopicInfo(*key, count) for key, count in sorted(topics.items()))

    @property
    def span_ns(self) -> tuple[int, int] | None:
        """Log time of the first and of the last message; None without messages."""
        spans = [(reader.start_time, reader.end_time - 1) for _, reader in self._readers
                 if reader.message_count]
        return (min(s for s, _ in spans), max(e for _, e in spans)) if spans else None

    def messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """Messages of some topics, or of all.

        Raises:
            DataError: a file is damaged at the message that was to be read.
        """
        streams = [_messages(path, reader, topics) for path, reader in self._readers]
        return heapq.merge(*streams, key=lambda message: message.log_time_ns)

    def close(self) -> None:
        """Close all files."""
        self._stack.close()


def is_bag(path: Path) -> bool:
    """Return True for a rosbag2 folder or a bare ``.mcap`` or ``.db3`` file."""
    if path.is_dir():
        return (path / 'metadata.yaml').is_file() or bool(_bare_files(path))
    return path.suffix in STORAGE_SUFFIXES


def storage_files(path: Path) -> list[Path]:
    """Find what to open for a path: the folder, or bare files where metadata.yaml is missing.

    Raises:
        DataError: there is nothing to open.
    """
    if not path.exists():
        raise DataError(f'bag {path} does not exist; check the path')
    if path.is_file() and path.suffix in STORAGE_SUFFIXES:
        return [path]
    if path.is_dir() and (path / 'metadata.yaml').is_file():
        return [path]
    files = _bare_files(path) if path.is_dir() else []
    if not files:
        fix = 'convert it with: rosbags-convert --src FILE.bag --dst FOLDER'
        if path.suffix != '.bag':
            fix = 'name the folder that ros2 bag record wrote'
        raise DataError(
            f'{path} is no rosbag2: expected a folder with metadata.yaml or a .mcap or .db3 '
            f'file; {fix}'
        )
    return files


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn whatever a parser makes of damaged bytes into one sentence about the file."""
    try:
        yield
    except VprError:
        raise
    except Exception as error:  # foreign bytes fail in many ways: struct, lookup, decoding ...
        found = ' '.join(str(error).split()) or type(error).__name__
        raise DataError(
            f'bag {path} cannot be read ({found.rstrip(".")}); if the recording was cut off, '
            f'mend it with "ros2 bag reindex" or "mcap recover", else copy or record it again'
        ) from error


def check_sqlite_path(path: Path) -> None:
    """Refuse a path that rosbags would take for another: it puts paths into URIs as they are.

    Raises:
        DataError: the path holds one of ``?``, ``#`` and ``%``.
    """
    if any(sign in str(path) for sign in '?#%'):
        raise DataError(
            f'bag {path} is stored by SQLite, which cannot open paths with ?, # or %; rename the '
            f'folder, or use mcap'
        )


def _bare_files(folder: Path) -> list[Path]:
    return natural_order(file for file in folder.iterdir() if file.suffix in STORAGE_SUFFIXES)


def _messages(
    path: Path, reader: Reader, topics: Collection[str] | None
) -> Iterator[RawMessage]:
    connections = [c for c in reader.connections if topics is None or c.topic in topics]
    if not connections:
        return
    with naming(path):
        for connection, log_time_ns, raw in reader.messages(connections):
            yield RawMessage(connection.topic, log_time_ns, raw, connection.msgtype)
