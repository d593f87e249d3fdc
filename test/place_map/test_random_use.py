# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Random sequences of adding, searching, saving and reopening against a list of vectors."""

from __future__ import annotations

from pathlib import Path
import tempfile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    RuleBasedStateMachine,
)
import numpy as np
from place_map.map_helpers import descriptor, MODEL, oracle_mean, oracle_similarity

from vpr_ros.place_map import check, PlaceMap
from vpr_ros.types import FloatArray

SEEDS = st.integers(0, 30)  # few, so that places repeat


class MapMachine(RuleBasedStateMachine):
    """What the map must answer follows from the list of vectors alone."""

    @initialize()
    def create(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, 'drive.vprmap')
        self.place_map = PlaceMap.create(self.path, MODEL)
        self.vectors: list[FloatArray] = []
        self.sessions = 0
        self.open_session = False

    @rule(seeds=st.lists(SEEDS, min_size=1, max_size=12))
    def add(self, seeds: list[int]) -> None:
        for seed in seeds:
            place = self.place_map.add(
                descriptor(seed), stamp_ns=seed, thumbnail=bytes([seed]), patches={3: b'p' * seed}
            )
            self.vectors.append(descriptor(seed))
            assert place.place_id == len(self.vectors)
        self.sessions += not self.open_session
        self.open_session = True

    @rule()
    def begin_session(self) -> None:
        self.place_map.new_session()
        self.sessions += 1
        self.open_session = True

    @rule(seed=SEEDS, k=st.integers(1, 20), below=st.none() | st.integers(0, 60))
    def search(self, seed: int, k: int, below: int | None) -> None:
        found = self.place_map.search(descriptor(seed), k, below_id=below)
        count = len(self.vectors) if below is None else min(max(below - 1, 0), len(self.vectors))
        mean = oracle_mean(self.vectors)
        expected = np.array(
            [oracle_similarity(descriptor(seed), v, mean) for v in self.vectors[:count]]
        )
        ids = [n.place.place_id for n in found]
        similarities = np.array([n.similarity for n in found])
        assert len(set(ids)) == len(ids) == min(k, count)
        assert all(1 <= i <= count for i in ids)
        # Places may be equally near, so the similarities are compared, not the ids.
        np.testing.assert_allclose(similarities, np.sort(expected)[::-1][:k], atol=1e-6)
        np.testing.assert_allclose(similarities, expected[np.array(ids, int) - 1], atol=1e-6)
        assert (np.diff(similarities) <= 0).all()

    @rule(seed=SEEDS, read_only=st.booleans())
    def reopen(self, seed: int, read_only: bool) -> None:
        before = self.place_map.search(descriptor(seed), 50)
        info = self.place_map.info()
        self.place_map.close()
        if read_only:
            with PlaceMap.open(self.path, read_only=True) as reader:
                assert reader.search(descriptor(seed), 50) == before
        self.place_map = PlaceMap.open(self.path)
        assert self.place_map.search(descriptor(seed), 50) == before
        assert self.place_map.info().statistics_count == info.statistics_count
        assert 0 <= self.place_map.revision - info.revision <= 1  # closing ends the session
        self.open_session = False

    @precondition(lambda self: self.vectors)
    @rule(seed=SEEDS)
    def copy(self, seed: int) -> None:
        copy = self.path.with_name('copy.vprmap')
        self.place_map.save_as(copy)
        with PlaceMap.open(copy, read_only=True) as opened:
            assert opened.search(descriptor(seed), 5) == self.place_map.search(descriptor(seed), 5)

    @invariant()
    def counts(self) -> None:
        if hasattr(self, 'place_map'):
            assert len(self.place_map) == len(self.vectors)
            assert len(self.place_map.sessions()) == self.sessions

    def teardown(self) -> None:
        if hasattr(self, 'place_map'):
            self.place_map.close()
            assert check(self.path) == []
            self.folder.cleanup()


TestRandomUse = MapMachine.TestCase
TestRandomUse.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
