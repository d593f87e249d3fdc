# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which kinds of index there are, which one suits a map, how many rows each proposes.

=========  ==============  =====================================================================
kind       bytes a place   what it does (D dimensions, n places)
=========  ==============  =====================================================================
flat       4 D             exact scan of float32
fp16       2 D             exact scan of float16
sq8        D               scan of one byte a dimension
twobit     D / 4           scan of four levels a rotated dimension by tables in registers
rabitq     D / 8 + 8       scan of one rotated bit a dimension with two correction factors
binary     D / 8           scan of the signs of the rotated dimensions by Hamming distance, then
                           the best of them by the query's own numbers against the signs
hnsw       2 D + 264       graph over float16; finds without a scan, slow to grow
ivf        2 D + 8         about 4 sqrt(n) cells of float16, a quarter of which is scanned
ivfpq      D / 4 + 8       the same cells, 4 bits for each pair of dimensions
gpu        4 D, twice      exact scan of float32 on a graphics card, where FAISS can do it
=========  ==============  =====================================================================

The measured recall, time and memory of each stand in docs/scaling.md.
"""

from __future__ import annotations

from vpr_ros.errors import ConfigError
from vpr_ros.place_map.indexes.gpu import why_not

KINDS = ('flat', 'fp16', 'sq8', 'twobit', 'rabitq', 'binary', 'hnsw', 'ivf', 'ivfpq')
GPU = 'gpu'  # only where there is one
FLAT_PLACES = 20_000
SMALL_PLACES = 1000
# How many rows a kind proposes for k wanted: factor and addend. Kinds that round can swap
# neighbours whose similarities differ by less than their rounding.
_PROPOSALS = {
    'flat': (1, 4), 'fp16': (1, 16), 'sq8': (2, 32), 'twobit': (1, 140), 'rabitq': (3, 300),
    'binary': (2, 200), 'hnsw': (1, 32), 'ivf': (1, 16), 'ivfpq': (4, 200), GPU: (1, 4),
}
_STALE = (1, 64)  # more while the index was made around an older mean than the one that ranks


def choose_kind(wanted: str, places: int) -> str:
    """Choose the kind for a map of so many places.

    ``auto`` is exact while the map is small and two bits a dimension when it is large. Below
    1,000 places every map is flat: what is learned from a few places does not fit the next.
    """
    if places < SMALL_PLACES:
        return 'flat'
    if wanted != 'auto':
        return wanted
    return 'flat' if places <= FLAT_PLACES else 'twobit'


def check_kind(kind: str) -> str:
    """Return ``kind`` when it is ``auto``, one of :data:`KINDS`, or ``gpu`` where that works.

    Raises:
        ConfigError: it is not.
    """
    if kind not in ('auto', *KINDS, GPU):
        raise ConfigError(f'index kind {kind!r} is unknown; use auto, {", ".join(KINDS)} or {GPU}')
    if kind == GPU and (why := why_not()):
        raise ConfigError(f'index kind {kind!r} cannot be used: {why}')
    return kind


def proposals(kind: str, k: int, *, stale: bool = False) -> int:
    """How many rows a kind proposes where the k nearest are wanted."""
    factor, addend = _PROPOSALS[kind]
    more = _STALE if stale else (0, 0)
    return (factor + more[0]) * k + addend + more[1]
