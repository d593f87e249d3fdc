# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Centring on the last keyframes: against an explicit loop, and what the map keeps of it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
import pytest

from vpr_ros.context import centred, Context, PRIOR_KEYFRAMES
from vpr_ros.errors import MapError
from vpr_ros.place_map import merge, ModelIdentity, PlaceMap

DIM = 6


def _drive(count, seed=0, dim=DIM):
    rows = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 8))
def test_the_mean_is_that_of_the_last_keyframes(count, window):
    context, drive = Context(window), _drive(count)
    for number, descriptor in enumerate(drive):
        last = drive[max(0, number - window + 1):number + 1]
        expected = last.astype(float).sum(0) / (len(last) + PRIOR_KEYFRAMES)
        np.testing.assert_allclose(context.mean(descriptor), expected, atol=1e-6)
        context.push(descriptor)
    context.reset()
    first = context.mean(drive[0])
    np.testing.assert_allclose(first, drive[0] / (1 + PRIOR_KEYFRAMES), atol=1e-6)


def test_without_a_window_nothing_is_subtracted():
    context = Context(0)
    context.push(_drive(1)[0])
    assert not context.mean(_drive(1, seed=1)[0]).any()


def test_centred_descriptors_have_unit_length_and_never_nan():
    drive = _drive(2)
    assert np.linalg.norm(centred(drive[0], drive[1])) == pytest.approx(1.0, abs=1e-6)
    assert not centred(drive[0], drive[0]).any()


def test_a_common_share_no_longer_decides():
    """Two conditions: with their share in them, places resemble their own condition most."""
    places = _drive(60, seed=3, dim=64)
    sun, rain = _drive(1, seed=4, dim=64)[0], _drive(1, seed=5, dim=64)[0]

    def drive(share):
        rows = places + share
        rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        context, found = Context(20), []
        for row in rows:
            found.append(centred(row, context.mean(row)))
            context.push(row)
        return rows, np.array(found)

    (sun_plain, sun_centred), (rain_plain, rain_centred) = drive(sun), drive(rain)

    def right(queries, first, second):
        both = np.vstack([first, second])
        hits = 0
        for number in range(20, 60):
            similar = both @ queries[number]
            similar[60 + number] = -2.0  # the query itself
            hits += int(np.argmax(similar)) == number
        return hits

    plain = right(rain_plain, sun_plain, rain_plain)
    apart = right(rain_centred, sun_centred, rain_centred)
    assert (plain, apart) == (pytest.approx(0, abs=5), pytest.approx(40, abs=5))


def test_the_map_keeps_the_context(tmp_path):
    path, identity, drive = tmp_path / 'a.vprmap', ModelIdentity('m', 'ab', DIM), _drive(5)
    with PlaceMap.create(path, identity, context_window=7) as place_map:
        for number, descriptor in enumerate(drive):
            place_map.add(drive[0], stamp_ns=number, context=descriptor)
    with PlaceMap.open(path, read_only=True) as place_map:
        assert place_map.context.window == 7
        assert place_map.info().context_window == 7
        np.testing.assert_allclose(place_map.context.mean, drive.mean(0), atol=1e-6)


def test_maps_with_different_contexts_are_not_merged(tmp_path):
    identity = ModelIdentity('m', 'ab', DIM)
    for name, window in (('a', 7), ('b', 9)):
        with PlaceMap.create(tmp_path / name, identity, context_window=window) as place_map:
            place_map.add(_drive(1)[0], stamp_ns=1, context=_drive(1)[0])
    with pytest.raises(MapError, match='contexts of 7 and 9 keyframes'):
        merge([tmp_path / 'a', tmp_path / 'b'], tmp_path / 'c')
    with pytest.raises(MapError, match='expected 0 to'):
        PlaceMap.create(':memory:', identity, context_window=-1)
