# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Tuples in batches: their order, their rounds, and that they are what was mined."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional
from training_runs import tuples_recipe

from training.batch import Batch  # noqa: I100
from training.losses_metric.registry import TUPLE_LOSSES
from training.losses_metric.tuples import needs_across
from training.objective import centred, Objective
from training.train import Trainer
from training.tuple_batches import TupleBatches


@pytest.fixture
def batches(pictures, tmp_path) -> TupleBatches:
    found = Trainer(tuples_recipe(pictures), tmp_path, lambda _: None).batches
    assert isinstance(found, TupleBatches)
    return found


def test_an_epoch_asks_every_query_once_in_the_order_of_the_miner(batches):
    asked = []
    for step in range(batches.epoch_steps):
        batches.prepare(step)
        batch = batches.make(step)
        rows = batch.indices.reshape(-1, 5)  # query, positive, three negatives
        for query, positive, *negatives in rows.tolist():
            number = query - len(batches.data.database)
            asked.append(number)
            mined = batches.miner.tuple_of(number)
            assert mined.positive == positive and mined.negatives.tolist() == negatives
            assert positive in batches.data.positives[number]
            assert not set(negatives) & set(batches.data.not_negative[number].tolist())
    assert asked == batches.miner.epoch_queries(0, 14).tolist()
    assert (batches.epoch_steps, batches.total) == (5, 10)


def test_rounds_are_refreshed_and_grow_as_the_rate_is_halved(batches):
    refreshed = []
    for step in range(batches.total):
        before = batches.miner.rounds
        batches.prepare(step)
        if batches.miner.rounds > before:
            refreshed.append(step)
        assert batches.independent(step)
    # six queries a round and three a step; then twelve
    assert refreshed == [0, 2, 4, 5, 9]
    assert not batches.independent(batches.total)


def test_rounds_end_with_a_step(pictures, tmp_path):
    recipe = tuples_recipe(pictures)
    odd = dataclasses.replace(recipe, tuples=dataclasses.replace(recipe.tuples, refresh_every=7))
    found = Trainer(odd, tmp_path, lambda _: None).batches
    assert found.round_queries(0) == 6 and found.round_queries(1) == 12


@pytest.mark.parametrize('name', sorted(TUPLE_LOSSES))
def test_the_objective_is_the_loss_of_every_tuple(name):
    """Against a loop over queries; the mean over tuples of one tuple's loss."""
    rows = functional.normalize(torch.randn(12, 6, dtype=torch.float64), dim=1)
    batch = Batch(12, lambda _: np.zeros(0, np.uint8), np.arange(12), negatives=2)
    found = Objective(name, {}, 6)(rows, batch)
    values = []
    for query, positive, *negatives in rows.reshape(3, 4, 6):
        given = {}
        if needs_across(TUPLE_LOSSES[name]):
            given['across'] = torch.stack([((positive - n) ** 2).sum() for n in negatives])[None]
        values.append(TUPLE_LOSSES[name](
            ((query - positive) ** 2).sum()[None],
            torch.stack([((query - n) ** 2).sum() for n in negatives])[None], **given))
    torch.testing.assert_close(found, torch.stack(values).mean())


@pytest.mark.parametrize('name', sorted(TUPLE_LOSSES))
def test_in_a_batch_each_image_asks_with_its_best_positive(name):
    rows = functional.normalize(torch.randn(6, 5, dtype=torch.float64), dim=1)
    relation = torch.full((6, 6), -1, dtype=torch.int8)
    for first in (0, 3):
        relation[first:first + 3, first:first + 3] = 1
    batch = Batch(6, lambda _: np.zeros(0, np.uint8), np.arange(6), relation=relation)
    values = []
    for query in range(6):
        squared = ((rows[query] - rows) ** 2).sum(1)
        own = [i for i in range(6) if relation[query, i] == 1 and i != query]
        best = min(own, key=lambda i: float(squared[i]))
        others = [i for i in range(6) if relation[query, i] == -1]
        given = {}
        if needs_across(TUPLE_LOSSES[name]):
            given['across'] = ((rows[best] - rows[others]) ** 2).sum(1)[None]
        values.append(TUPLE_LOSSES[name](squared[best][None], squared[others][None], **given))
    found = Objective(name, {}, 5)(rows, batch)
    torch.testing.assert_close(found, torch.stack(values).mean())


def test_the_centred_share_is_of_the_loss_about_the_mean():
    rows = functional.normalize(torch.randn(8, 5), dim=1)
    batch = Batch(8, lambda _: np.zeros(0, np.uint8), np.arange(8), negatives=2)
    objective = Objective('triplet', {}, 5)
    moved = functional.normalize(rows - rows.mean(0), dim=1)
    expected = 0.75 * objective(rows, batch) + 0.25 * objective(moved, batch)
    torch.testing.assert_close(centred(objective, rows, batch, 0.25), expected)
