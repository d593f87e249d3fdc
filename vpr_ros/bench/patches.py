# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark's row of patch descriptors: time, equality, and memory of both forms."""

from __future__ import annotations

from collections.abc import Callable
import contextlib
import ctypes
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from vpr_ros.bench.patch_head import by_definition, graph, made_up, PatchHead
from vpr_ros.bench.rerank import interleaved_ms, Row, row
from vpr_ros.types import FloatArray

LEAST_COSINE = 0.99999


def patch_row(*, repeats: int = 3, **sizes: Any) -> Row | None:
    """Patch descriptors at three sizes; None where the package onnx is not installed.

    Args:
        repeats: timed runs of each side.
        sizes: see :func:`vpr_ros.bench.patch_head.made_up`.

    Returns:
        A row with ``ours_mb``, ``peer_mb`` besides: memory that one run takes, each measured in a
        process of its own.
    """
    head = made_up(**sizes)
    try:
        ours = projected(head)
    except ImportError:
        return None
    times = interleaved_ms(ours, lambda: by_definition(head), repeats)
    cosine = min(float((a * b).sum(1).min())
                 for a, b in zip(ours(), by_definition(head), strict=True))
    ours_mb, peer_mb = peak_mb('projected', sizes), peak_mb('definition', sizes)
    ratio = peer_mb / max(ours_mb, 0.1)
    return {**row('patch_descriptors, 3 sizes', *times, cosine >= LEAST_COSINE,
                  f'cosine {cosine:.7f}, at least {LEAST_COSINE}; memory {ours_mb:.0f} MB against '
                  f'{peer_mb:.0f}, {ratio:.0f}x'),
            'ours_mb': round(ours_mb, 1), 'peer_mb': round(peer_mb, 1)}


def projected(head: PatchHead) -> Callable[[], list[FloatArray]]:
    """Load the graph, ready to run.

    Raises:
        ImportError: the package onnx is not installed.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # it costs memory and gives no time here
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    session = onnxruntime.InferenceSession(
        graph(head), options, providers=['CPUExecutionProvider'])
    return lambda: session.run(None, {'features': head.features})


def peak_mb(form: str, sizes: dict[str, Any]) -> float:
    """Memory that one run of ``projected`` or ``definition`` takes beyond what is there, in MB."""
    context = multiprocessing.get_context('spawn')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run_alone, args=(form, sizes, sender))
    process.start()
    sender.close()
    try:
        return float(receiver.recv())
    finally:
        process.join()


def _run_alone(form: str, sizes: dict[str, Any], sender: Connection) -> None:
    head = made_up(**sizes)
    run = projected(head) if form == 'projected' else lambda: by_definition(head)
    np.matmul(head.projection, head.projection.T)  # the library's own buffers
    with contextlib.suppress(OSError, AttributeError):  # making the graph took memory, too
        ctypes.CDLL(None).malloc_trim(0)
        Path('/proc/self/clear_refs').write_text('5')  # the most from now on
    before = _peak_kb()
    run()
    sender.send((_peak_kb() - before) / 1024)


def _peak_kb() -> int:
    """Return the most memory this process has held; getrusage would count its parent's, too."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1])
    raise OSError('/proc/self/status has no VmHWM; the benchmark needs Linux')
