# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a map refuses, and the sentence that says why."""

from __future__ import annotations

import numpy as np
from place_map.map_helpers import descriptor, DIM, MODEL
import pytest

from vpr_ros.errors import MapError
from vpr_ros.place_map import limits, ModelIdentity, PlaceMap
from vpr_ros.types import Pose

NAN_VECTOR = np.full(DIM, np.nan, np.float32)


@pytest.fixture
def place_map():
    with PlaceMap.create(':memory:', MODEL) as made:
        yield made


@pytest.mark.parametrize(
    ('changed', 'sentence'),
    [
        ({'descriptor': np.ones(DIM + 1, np.float32)}, r'shape \(13,\), this map takes \(12,\)'),
        ({'descriptor': np.ones((1, DIM), np.float32)}, r'shape \(1, 12\)'),
        ({'descriptor': NAN_VECTOR}, 'not finite'),
        ({'descriptor': np.full(DIM, 1e6, np.float32)}, 'not finite'),  # beyond float16
        ({'descriptor': np.ones(DIM, complex)}, 'type complex128'),
        ({'descriptor': np.array(['a'] * DIM)}, 'expected float32'),
        ({'thumbnail': bytes(limits.MAX_THUMBNAIL_BYTES + 1)}, 'thumbnail has 1048577 bytes'),
        ({'patches': {1: bytes(limits.MAX_PATCH_BYTES), 2: b'x'}}, '67108865 bytes in 2 scales'),
        ({'patches': {i + 1: b'' for i in range(65)}}, 'in 65 scales'),
        ({'patches': {0: b'x'}}, 'patch size 0 is not positive'),
        ({'frame_id': 'f' * 257}, 'frame has 257 characters'),
        ({'frame_id': 'camera\udc80'}, 'no valid Unicode'),
        ({'frame_id': 'cam\0era'}, 'zero character'),
        ({'travelled_m': float('inf')}, 'travelled distance inf is not finite'),
        ({'pose': Pose((0.0, float('nan'), 0.0))}, 'pose .* is not finite'),
        ({'pose': Pose((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, float('inf')))}, 'is not finite'),
        ({'stamp_ns': 2**63}, 'does not fit into 64 bits'),
    ],
)
def test_refused_places_leave_the_map_as_it_was(place_map, changed, sentence) -> None:
    place_map.add(descriptor(0), stamp_ns=0)
    arguments = {'descriptor': descriptor(1), 'stamp_ns': 1, **changed}
    with pytest.raises(MapError, match=sentence):
        place_map.add(arguments.pop('descriptor'), **arguments)
    assert len(place_map) == place_map.revision == 1
    assert place_map.search(descriptor(0), 5)[0].similarity == 1.0


def test_largest_parts_fit(place_map) -> None:
    thumbnail, patches = bytes(limits.MAX_THUMBNAIL_BYTES), {7: bytes(limits.MAX_PATCH_BYTES)}
    place = place_map.add(descriptor(1), stamp_ns=2**63 - 1, thumbnail=thumbnail, patches=patches)
    assert place_map.thumbnail(place.place_id) == thumbnail
    assert place_map.patches(place.place_id) == patches


@pytest.mark.parametrize('query', [NAN_VECTOR, np.ones(3, np.float32)])
def test_queries_are_checked_like_places(place_map, query) -> None:
    for call in (lambda: place_map.search(query, 1), lambda: place_map.similarities(query, [])):
        with pytest.raises(MapError, match='descriptor'):
            call()


def test_session_names_are_checked(place_map) -> None:
    with pytest.raises(MapError, match='name of the session has 300 characters'):
        place_map.new_session('n' * 300)
    assert place_map.sessions() == ()


@pytest.mark.parametrize(
    ('model', 'sentence'),
    [
        (ModelIdentity('m', 'a', 0), 'has 0 dimensions'),
        (ModelIdentity('m', 'a', limits.MAX_DIM + 1), 'has 65537 dimensions'),
        (ModelIdentity('m' * 257, 'a', 4), 'name of the model'),
        (ModelIdentity('m', 'a' * 257, 4), 'sha256 of the model'),
        (ModelIdentity('m', 'a', 4, 'x' * (limits.MAX_CARD_BYTES + 1)), 'card of model m has'),
        (ModelIdentity('m', 'a', 4, '\udc80'), 'card of model m is no valid Unicode'),
    ],
)
def test_models_are_checked(model, sentence) -> None:
    with pytest.raises(MapError, match=sentence):
        PlaceMap.create(':memory:', model)


def test_largest_descriptor_fits() -> None:
    vector = np.full(limits.MAX_DIM, 1 / 256, np.float32)
    with PlaceMap.create(':memory:', ModelIdentity('wide', 'a', limits.MAX_DIM)) as wide:
        wide.add(vector, stamp_ns=0)
        assert wide.search(vector, 1)[0].similarity == 1.0
