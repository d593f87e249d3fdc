# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which files a service may touch: those below the folders that the node was started with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vpr_ros.errors import ConfigError

MAP_SUFFIX = '.vprmap'


class Folders:
    """The folders below which services may read and write.

    Symbolic links and ``..`` are resolved before the comparison, so that neither leads out.

    Example:
        >>> Folders(['/maps']).resolve('kitchen.vprmap')  # doctest: +SKIP
        PosixPath('/maps/kitchen.vprmap')
    """

    def __init__(self, directories: Iterable[str | Path]) -> None:
        """Take the allowed folders; the first is where relative paths begin."""
        named = (Path(directory).expanduser() for directory in directories if str(directory))
        self.directories = tuple(dict.fromkeys(directory.resolve() for directory in named))

    def resolve(self, path: str) -> Path:
        """Return the absolute path with all links resolved.

        Args:
            path: absolute, or relative to the first folder.

        Raises:
            ConfigError: it is empty, malformed, or outside every allowed folder.
        """
        if not path or '\0' in path:
            raise ConfigError(f'the path {path!r} is empty or malformed; give the path of a file')
        if not self.directories:
            raise ConfigError(
                f'{path!r} is refused: this node may use no folder; start it with the parameter '
                f"'directories' or 'map_path'"
            )
        try:
            resolved = (self.directories[0] / path).resolve()
            resolved.exists()  # raises for what no file system can hold
        except (OSError, RuntimeError) as error:  # a loop of links, a name that is too long
            reason = getattr(error, 'strerror', None) or str(error)
            raise ConfigError(
                f'the path {path[:100]!r} cannot be resolved ({reason}); give another'
            ) from error
        if not any(resolved.is_relative_to(directory) for directory in self.directories):
            allowed = ', '.join(str(directory) for directory in self.directories)
            raise ConfigError(
                f'{path!r} is outside the folders that this node may use ({allowed}); add its '
                f"folder to the parameter 'directories'"
            )
        return resolved

    def existing(self, path: str) -> Path:
        """Like :meth:`resolve`, for something that must be there.

        Raises:
            ConfigError: also when nothing is there.
        """
        resolved = self.resolve(path)
        if not resolved.exists():
            raise ConfigError(f'{resolved} does not exist')
        return resolved

    def map_file(self, path: str) -> Path:
        """Like :meth:`resolve`, for a map that is about to be written.

        Raises:
            ConfigError: also when the name does not end in ``.vprmap`` or its folder is missing.
        """
        resolved = self.resolve(path)
        if resolved.suffix != MAP_SUFFIX:
            raise ConfigError(f'{path!r} was given for a map, whose name must end in {MAP_SUFFIX}')
        if not resolved.parent.is_dir():
            raise ConfigError(
                f'{resolved.parent} is no folder; make it before writing a map there'
            )
        return resolved
