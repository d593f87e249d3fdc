# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The feature cache: mapped and not held, resumed after a kill, wrong versions never read."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

from helpers import ROOT
import numpy as np
import pytest

from training.tuples import feature_cache
from training.tuples.feature_cache import FeatureCache
from training.tuples.hardest import hardest
from vpr_ros.errors import ConfigError, DataError

IMAGES = [Path(f'{i}.jpg') for i in range(23)]


def number(path: Path) -> float:
    return float(path.stem)


class Describer:
    """Descriptor of image i by weights w: (i, w); remembers what it was given."""

    def __init__(self, weights: float, fail_at: int | None = None) -> None:
        self.weights, self.fail_at = weights, fail_at
        self.calls: list[list[int]] = []

    def __call__(self, paths):
        self.calls.append([int(number(path)) for path in paths])
        if self.fail_at is not None and len(self.calls) > self.fail_at:
            raise KeyboardInterrupt
        return np.array([[number(path), self.weights] for path in paths], np.float32)


def contents(cache: FeatureCache, rows: np.ndarray) -> np.ndarray:
    return np.concatenate([part for _, part in cache.read(rows)])


@pytest.mark.parametrize('dtype', ['float32', 'float16'])
def test_it_is_a_memory_map_and_reads_back(tmp_path, dtype):
    cache, rows = FeatureCache(tmp_path, IMAGES, dtype=dtype), np.arange(23)
    assert cache.fill(rows, Describer(1), batch=4) == 23
    assert isinstance(cache.features, np.memmap) and cache.features.dtype == dtype
    size = np.dtype(dtype).itemsize
    assert (tmp_path / f'features.{dtype}').stat().st_size == 23 * 2 * size
    found = contents(cache, rows)
    assert found.dtype == np.float32
    assert found.tolist() == [[i, 1] for i in range(23)]


def test_slices_are_bounded(tmp_path, monkeypatch):
    cache, rows = FeatureCache(tmp_path, IMAGES), np.array([20, 3, 7, 8, 9])
    cache.fill(np.arange(23), Describer(1))
    monkeypatch.setattr(feature_cache, 'READ_BYTES', 16)  # two rows of two float32
    parts = list(cache.read(rows))
    assert [part.tolist() for part, _ in parts] == [[20, 3], [7, 8], [9]]
    assert all(features.nbytes <= 16 for _, features in parts)


def test_a_killed_fill_goes_on_where_it_stopped(tmp_path):
    rows = np.arange(1, 22)
    with pytest.raises(KeyboardInterrupt):
        FeatureCache(tmp_path, IMAGES).fill(rows, Describer(1, 3), version='a', batch=4)
    again = Describer(1)
    cache = FeatureCache(tmp_path, IMAGES)
    assert cache.fill(rows, again, version='a', batch=4) == 21 - 12
    assert again.calls == [[13, 14, 15, 16], [17, 18, 19, 20], [21]]
    assert contents(cache, rows).tolist() == [[i, 1] for i in range(1, 22)]


def test_a_mark_follows_every_so_many_bytes(tmp_path, monkeypatch):
    """What a kill without warning leaves: whole groups of batches."""
    monkeypatch.setattr(feature_cache, 'MARK_BYTES', 2 * 4 * 8)  # two batches of four rows
    cache, marked = FeatureCache(tmp_path, IMAGES), []
    cache.fill(np.arange(20), Describer(1), batch=4,
               progress=lambda *_: marked.append(int(cache.valid.sum())))
    assert marked == [0, 8, 8, 16, 16]
    assert cache.valid.sum() == 20


@pytest.mark.parametrize('change', ['version', 'no version', 'images', 'dtype'])
def test_descriptors_of_something_else_are_never_used(tmp_path, change):
    rows = np.arange(23)
    FeatureCache(tmp_path, IMAGES).fill(rows, Describer(1), version='a')
    images = IMAGES[::-1] if change == 'images' else IMAGES
    cache = FeatureCache(tmp_path, images, dtype='float16' if change == 'dtype' else 'float32')
    version = {'version': 'b', 'no version': ''}.get(change, 'a')
    with pytest.raises(DataError, match='fill it first'):
        contents(cache, rows)
    assert cache.fill(rows[:5], Describer(2), version=version) == 5
    assert contents(cache, rows[:5])[:, 1].tolist() == [2] * 5
    with pytest.raises(DataError, match='fill it first'):
        contents(cache, rows[:6])
    assert cache.fill(rows[:5], Describer(3), version='c') == 5
    assert contents(cache, rows[:5])[:, 1].tolist() == [3] * 5


def test_what_a_network_may_give_wrong_is_said(tmp_path):
    cache, rows = FeatureCache(tmp_path, IMAGES), np.arange(3)
    with pytest.raises(DataError, match=r'shape \(2, 4\); expected \(3, D\)'):
        cache.fill(rows, lambda _: np.zeros((2, 4), np.float32))
    with pytest.raises(DataError, match=r'0\.jpg .* not finite'):
        cache.fill(rows, lambda _: np.full((3, 4), np.nan, np.float32))
    with pytest.raises(ConfigError, match='float64'):
        FeatureCache(tmp_path, IMAGES, dtype='float64')
    with pytest.raises(DataError, match=r'GB more, the disk has'):
        cache._check_room(np.zeros((1, 10**9), np.float32), 10**9)


def test_hardest_against_sorting_all(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    features = rng.integers(-2, 3, (23, 3)).astype(np.float32)  # with equal distances
    cache = FeatureCache(tmp_path, IMAGES)
    cache.fill(np.arange(23), lambda paths: features[[int(number(p)) for p in paths]])
    monkeypatch.setattr(feature_cache, 'READ_BYTES', 5 * 12)
    for count in (1, 4, 30):
        rows = rng.permutation(23)[:15]
        expected = sorted(rows, key=lambda r: (((features[r] - features[2]) ** 2).sum(), r))
        assert hardest(cache, features[2], rows, count).tolist() == expected[:count]


def test_memory_does_not_grow_with_the_cache(tmp_path):
    """192 MB of descriptors are filled and searched by a process that may hold 80 MB more."""
    program = f"""
import resource, sys
from pathlib import Path
import numpy as np
from training.tuples import feature_cache
from training.tuples.feature_cache import FeatureCache
from training.tuples.hardest import hardest
feature_cache.READ_BYTES = 4 << 20
rows, dim = 1536, 32768
used = int(open('/proc/self/statm').read().split()[5]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_DATA, (used + (80 << 20),) * 2)  # mapped files do not count
cache = FeatureCache(Path({str(tmp_path)!r}), [Path(str(i)) for i in range(rows)])
cache.fill(np.arange(rows), lambda p: np.full((len(p), dim), int(p[0].name), np.float32),
           batch=64)
found = hardest(cache, np.full(dim, 512, np.float32), np.arange(rows), 64)
assert found.tolist() == list(range(512, 576)), found
try:
    np.ones((rows, dim), np.float32)
except MemoryError:
    sys.exit(0)
sys.exit('the limit does not hold')
"""
    done = subprocess.run([sys.executable, '-c', program], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'features.float32').stat().st_size == 192 << 20
