# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reads PyTorch files that hold more than tensors, without running anything they name.

PyTorch's restricted loader refuses a file as soon as it names a function outside its short list,
as checkpoints do that hold a NumPy number or their command line's arguments. Here every such name
is answered by an inert stand-in, which keeps what it was given and does nothing; nothing that the
file names is looked up or imported.
"""

from __future__ import annotations

from collections.abc import Iterator
import io
from pathlib import Path
import pickletools
from typing import Any, IO
import warnings
import zipfile

import torch

from vpr_ros.errors import ModelError

_LEGACY_PICKLES = 5  # magic number, protocol, system, content, storage keys
_REFUSED_MODULES = ('os', 'posix', 'nt', 'sys', 'subprocess', 'shutil', 'runpy', 'importlib')
_REFUSED_NAMES = ('eval', 'exec', 'compile', 'open', '__import__', 'getattr', 'system')


class Inert:
    """Stands for an object of a checkpoint that is no tensor.

    Attributes:
        arguments: what it would have been made from.
        state: what it would have been filled with.
    """

    arguments: tuple[Any, ...]
    state: Any

    def __new__(cls, *arguments: Any) -> Inert:
        """Keep the arguments, whichever way the file would have made the object."""
        made = super().__new__(cls)
        made.arguments, made.state = arguments, None
        return made

    def __init__(self, *arguments: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state


def load_torch_file(path: Path) -> Any:
    """Return what ``torch.load`` would, with :class:`Inert` in place of foreign objects.

    Raises:
        ModelError: it is no PyTorch file, is damaged, or names what no checkpoint needs.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with torch.serialization.safe_globals(_stand_ins(path)):
                return torch.load(path, map_location='cpu', weights_only=True)
    except ModelError:
        raise
    except Exception as error:  # the loader has no family of its own for damaged files
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f'{path} cannot be read as PyTorch weights ({reason}); give a state '
                         f'dict, or save its arrays as .npz or .safetensors') from error


def _stand_ins(path: Path) -> list[Any]:
    """One inert class, and a name for it, for everything foreign that a file names."""
    found: list[Any] = []
    for name in sorted(set(_names(path))):  # the loader's own list goes before these
        parts = name.split('.')
        if parts[0] in _REFUSED_MODULES or parts[-1] in _REFUSED_NAMES:
            raise ModelError(f'{path} names {name}, which no checkpoint needs: it is damaged or '
                             f'made to do harm; fetch it again from its authors')
        found.append((type('Inert', (Inert,), {}), name))
    return found


def _names(path: Path) -> Iterator[str]:
    """Everything that the pickles of a PyTorch file refer to by name, old format or new."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.namelist():
                if entry.endswith('data.pkl'):
                    yield from _names_in(io.BytesIO(archive.read(entry)))
        return
    with path.open('rb') as file:
        for _ in range(_LEGACY_PICKLES):
            yield from _names_in(file)


def _names_in(file: IO[bytes]) -> Iterator[str]:
    texts: list[str] = []
    for operation, argument, _ in pickletools.genops(file):
        if operation.name == 'GLOBAL':
            yield str(argument).replace(' ', '.')
        elif operation.name == 'STACK_GLOBAL':
            yield '.'.join(texts[-2:])
        elif isinstance(argument, str):
            texts.append(argument)
