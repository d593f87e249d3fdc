# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The descriptor cache: what goes in comes out, within its bound; damage harms nothing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
import numpy as np
import pytest

from vpr_ros.evaluation.descriptor_cache import cache_folder, DescriptorCache, key_of

KEYS = st.binary(min_size=32, max_size=32)
TABLE = arrays(np.float32, st.tuples(st.integers(1, 5), st.just(7)),
               elements=st.floats(-1, 1, width=32))


@settings(deadline=None, max_examples=30)
@given(st.dictionaries(KEYS, st.tuples(TABLE, st.floats(0, 1e4)), max_size=6))
def test_what_goes_in_comes_out_also_later(tmp_path_factory, entries) -> None:
    path = tmp_path_factory.mktemp('cache') / 'new' / 'cache.sqlite3'
    with DescriptorCache(path) as cache:
        for key, (table, milliseconds) in entries.items():
            cache.put(key, list(table), milliseconds)
    with DescriptorCache(path) as cache:
        for key, (table, milliseconds) in entries.items():
            found = cache.get(key, 7)
            assert found is not None
            assert np.array_equal(np.stack(found[0]), table)
            assert found[1] == milliseconds
        assert cache.get(b'x' * 32, 7) is None
        assert (cache.hits, cache.misses) == (len(entries), 1)


def test_the_key_holds_all_that_matters(model) -> None:
    card = model.card
    keys = {
        key_of(card, b'image', 'hard_resize'), key_of(card, b'other', 'hard_resize'),
        key_of(card, b'image', 'central_crop'), key_of(card, b'image', 'hard_resize', 'cpu'),
        key_of(replace(card, sha256='0' * 64), b'image', 'hard_resize'),
        key_of(replace(card, interpolation='linear'), b'image', 'hard_resize'),
        key_of(replace(card, height=card.height + 1), b'image', 'hard_resize'),
    }
    assert len(keys) == 7
    assert key_of(card, b'image', 'hard_resize') in keys


def test_it_stays_within_its_bound_and_keeps_what_was_used_last(tmp_path) -> None:
    path = tmp_path / 'cache.sqlite3'
    row = np.ones(1000, np.float32)  # 4 kB
    keys = [bytes([number]) * 32 for number in range(20)]
    with DescriptorCache(path) as cache:
        for key in keys[:10]:
            cache.put(key, [row], 1.0)
    with DescriptorCache(path, most_mb=0.05) as cache:
        assert cache.get(keys[0], 1000) is not None
        for key in keys[10:15]:
            cache.put(key, [row], 1.0)
    with DescriptorCache(path) as cache:
        left = [number for number, key in enumerate(keys) if cache.get(key, 1000) is not None]
    assert len(left) * 4000 <= 50_000
    assert len(left) >= 10
    assert {0, *range(10, 15)} <= set(left)


def test_an_entry_of_another_length_is_none(tmp_path) -> None:
    with DescriptorCache(tmp_path / 'c') as cache:
        cache.put(b'k' * 32, [np.ones(4, np.float32)], 1.0)
        assert cache.get(b'k' * 32, 5) is None


@pytest.mark.parametrize('content', [b'no database at all, but long enough to look like one' * 40])
def test_a_damaged_file_is_no_error(tmp_path, content: bytes) -> None:
    path = tmp_path / 'cache.sqlite3'
    path.write_bytes(content)
    with DescriptorCache(path) as cache:
        assert 'not used' in cache.problem
        cache.put(b'k' * 32, [np.ones(4, np.float32)], 1.0)
        assert cache.get(b'k' * 32, 4) is None


def test_without_a_path_nothing_is_kept(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'here'))
    assert cache_folder() == tmp_path / 'here' / 'vpr_ros'
    with DescriptorCache(None) as cache:
        cache.put(b'k' * 32, [np.ones(4, np.float32)], 1.0)
        assert cache.get(b'k' * 32, 4) is None
    assert not (tmp_path / 'here').exists()
