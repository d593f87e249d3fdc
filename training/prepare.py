# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Checks a data set before hours are spent on it: what a training would trip over, and when."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
import hashlib
from pathlib import Path

import numpy as np

from training.images import read_rgb
from training.tuples import TupleData
from training.world_source import drawn_on_demand
from vpr_ros.errors import ImageError

NAMED = 5  # files that a report names
NEGATIVES = 10


@dataclass(frozen=True)
class Findings:
    """What there is in a data set, as tuples would use it.

    Attributes:
        name: of the data set.
        database, queries: number of images; the same file may be both.
        without_positives: names of queries that no database image answers.
        few_negatives: names of queries with positives and fewer than ten negatives.
        positives: smallest, middle and largest number of positives of the other queries.
        unreadable: files that are missing or cannot be decoded.
        sizes: (height, width) -> number of files; empty when they were not decoded.
        duplicates: groups of files with the same bytes under different names.
        shared: files that are query and database image at once.
    """

    name: str
    database: int
    queries: int
    without_positives: tuple[str, ...]
    few_negatives: tuple[str, ...]
    positives: tuple[int, int, int]
    unreadable: tuple[Path, ...]
    sizes: dict[tuple[int, int], int]
    duplicates: tuple[tuple[Path, ...], ...]
    shared: int

    @property
    def trouble(self) -> str:
        """Why a training would stop, in one sentence; '' when it would not."""
        if self.unreadable:
            count = len(self.unreadable)
            images = '1 image' if count == 1 else f'{count} images'
            return (f'{self.name}: {images} cannot be read, the first is {self.unreadable[0]}; '
                    f'mend or remove what is listed')
        usable = self.queries - len(self.without_positives) - len(self.few_negatives)
        if not usable:
            return (f'{self.name}: none of {self.queries} queries has a positive and {NEGATIVES} '
                    f'negatives; widen the radius, or check positions and their units')
        return ''


def inspect_data(data: TupleData, *, quick: bool = False,
                 progress: Callable[[int, int], None] | None = None) -> Findings:
    """Look at every image of a data set.

    Args:
        data: see :func:`training.source_kinds.load_tuples`.
        quick: do not decode images, nor compare them; only whether their files are there.
        progress: called with (images done, images in total).
    """
    paths = list(dict.fromkeys(data.images))
    unreadable, sizes, same = [], Counter[tuple[int, int]](), defaultdict(list)
    for number, path in enumerate(paths, 1):
        if quick:
            if not (path.is_file() or drawn_on_demand(path)):
                unreadable.append(path)
        else:
            try:
                sizes[read_rgb(path).shape[:2]] += 1
                same[hashlib.sha256(path.read_bytes()).digest()].append(path)
            except (ImageError, OSError):
                unreadable.append(path)
        if progress is not None:
            progress(number, len(paths))
    counts = [len(positives) for positives in data.positives]
    found = sorted(count for count in counts if count)
    few = [query for query, count in enumerate(counts) if count
           and len(data.database) - len(data.not_negative[query]) < NEGATIVES]
    return Findings(
        data.name, len(data.database), len(data.queries),
        tuple(str(data.queries[query]) for query, count in enumerate(counts) if not count),
        tuple(str(data.queries[query]) for query in few),
        (found[0], int(np.median(found)), found[-1]) if found else (0, 0, 0),
        tuple(unreadable), dict(sizes),
        tuple(tuple(group) for group in same.values() if len(group) > 1),
        len(set(data.database) & set(data.queries)),
    )


def describe_findings(found: Findings) -> list[str]:
    """Report, line by line."""
    low, middle, high = found.positives
    lines = [
        f'{found.name}: {found.database} database images, {found.queries} queries'
        + (f' ({found.shared} files are both)' if found.shared else ''),
        f'positives a query: {low} to {high}, {middle} in the middle',
        *_listed('queries without positives', found.without_positives),
        *_listed(f'queries with fewer than {NEGATIVES} negatives', found.few_negatives),
        *_listed('files that cannot be read', [str(path) for path in found.unreadable]),
    ]
    if found.sizes:
        common = sorted(found.sizes.items(), key=lambda item: (-item[1], item[0]))
        shown = ', '.join(f'{width} x {height} ({count})'
                          for (height, width), count in common[:NAMED])
        more = f' and {len(common) - NAMED} sizes more' if len(common) > NAMED else ''
        lines.append(f'sizes: {shown}{more}')
        lines += _listed('groups of files with the same content',
                         [' = '.join(map(str, group)) for group in found.duplicates])
    return lines


def _listed(what: str, names: Sequence[str]) -> list[str]:
    rest = len(names) - NAMED
    return [f'{what}: {len(names)}', *(f'  {name}' for name in names[:NAMED]),
            *([f'  and {rest} more'] if rest > 0 else [])]
