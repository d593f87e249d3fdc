# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of a map that cannot be re-ranked."""

from dataclasses import replace

import numpy as np
import pytest

from vpr_ros.model.card import ModelCard, PatchSpec, RerankTuning
from vpr_ros.rerank.lacking import lacking_patches

SPECS = {s: PatchSpec(s, 32, (6, 7), 1, np.zeros((42, 2), np.float32)) for s in (2, 5, 8)}
CARD = ModelCard('m', '0' * 64, 240, 320, 'area', 512, SPECS, 'MIT',
                 rerank=RerankTuning({2: 0.9, 5: 0.1, 8: 0.0}, 0.5))


@pytest.mark.parametrize(('preset', 'card', 'held', 'places', 'words'), [
    ('none', CARD, (), 9, ''),
    ('robot', CARD, (2, 5), 9, ''),
    ('robot', CARD, (2, 5, 8), 9, ''),
    ('robot', CARD, (), 0, ''),  # mapping begins
    ('speed', CARD, (5,), 9, ''),
    ('robot', CARD, (), 9, 'compares patches of size 2 and 5, but the places of the map hold '
                           'none: matches stay in the order of the search; add them with'),
    ('robot', CARD, (5,), 9, 'hold those of size 5 alone'),
    ('robot', replace(CARD, patches={}, rerank=None), (), 0, 'model m gives no patches'),
])
def test_what_is_lacking(preset, card, held, places, words):
    found = lacking_patches(preset, card, held, places)
    assert (words in found) if words else not found
