# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reads weights from a file without running anything that the file says.

``.npz`` holds plain arrays, ``.safetensors`` a JSON header and bytes, and PyTorch's own files are
read by its restricted loader, which makes tensors and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
import json
from pathlib import Path
import struct
from typing import Any
import zipfile

import numpy as np
import torch
from torch import Tensor

from training.architectures.inert import load_torch_file
from vpr_ros.errors import ModelError

MAX_HEADER_BYTES = 100 * 1024 * 1024
_SAFETENSORS_TYPES = {
    'F64': torch.float64, 'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16,
    'I64': torch.int64, 'I32': torch.int32, 'I16': torch.int16, 'I8': torch.int8,
    'U8': torch.uint8, 'BOOL': torch.bool,
}
_WRAPPERS = ('state_dict', 'model_state_dict', 'model')


def read_weights(path: Path) -> dict[str, Tensor]:
    """Names and tensors of a file of weights; float16 and bfloat16 become float32.

    Args:
        path: ``.npz``, ``.safetensors``, or a PyTorch file of any ending, which may wrap its state
            dict as checkpoints of training runs do. Leading ``module.`` are taken off.

    Raises:
        ModelError: it cannot be read, or holds no tensors.
    """
    found = unwrap(read_content(path))
    if not found:
        raise ModelError(f'{path} holds no tensors by name; give a state dict')
    return found


def read_content(path: Path) -> Any:
    """Return what a file of weights holds, as it stands there.

    Raises:
        ModelError: it cannot be read.
    """
    if not path.is_file():
        raise ModelError(f'there is no file {path} to read weights from; check the path')
    if path.suffix == '.npz':
        return _read_npz(path)
    if path.suffix == '.safetensors':
        return _read_safetensors(path)
    return load_torch_file(path)


def unwrap(content: Any) -> dict[str, Tensor]:
    """Find the state dict in what a checkpoint holds; drop ``module.`` from its names."""
    for key in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        return {}
    return {'.'.join(part for part in name.split('.') if part != 'module'): plain(value)
            for name, value in content.items()
            if isinstance(name, str) and isinstance(value, Tensor)}


def plain(value: Tensor) -> Tensor:
    """Return a tensor without history; half precision becomes float32."""
    value = value.detach()
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def _read_npz(path: Path) -> dict[str, Tensor]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: torch.from_numpy(np.array(stored[name])) for name in stored.files}
    except (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f'{path} cannot be read as plain arrays ({error}); save it with '
                         f'numpy.savez from arrays of numbers') from error


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with path.open('rb') as file:
            (length,) = struct.unpack('<Q', file.read(8))
            if length > min(MAX_HEADER_BYTES, path.stat().st_size):
                raise ValueError(f'its header claims {length} bytes')
            header = json.loads(file.read(length))
        data = np.memmap(path, np.uint8, 'r', offset=8 + length)
        found = {}
        for name, entry in header.items():
            if name == '__metadata__':
                continue
            kind = _SAFETENSORS_TYPES[entry['dtype']]
            begin, end = entry['data_offsets']
            if not 0 <= begin <= end <= len(data):
                raise ValueError(f'{name} lies outside the file')
            chunk = torch.from_numpy(np.array(data[begin:end]))
            found[name] = chunk.view(kind).reshape(entry['shape'])
        return found
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RuntimeError,
            struct.error) as error:
        raise ModelError(f'{path} cannot be read as safetensors ({error}); it may be cut off, '
                         f'fetch it again') from error
