# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Training tuples: a query, its potential positives, and negatives that are hard at present.

A round goes like this, the same for every mode::

    data = by_position(dataset, positive_radius_m=10, negative_radius_m=25)
    miner = TupleMiner(data, Path('runs/a/cache'), mode='full', seed=0)
    for epoch in range(epochs):
        order = miner.epoch_queries(epoch, 5000)
        for start in range(0, len(order), 1000):
            miner.refresh(order[start : start + 1000], describe)
            for query in order[start : start + 1000]:
                use(miner.tuple_of(query))
"""

from training.tuples.data import by_lists, by_position, join, MONTH_S, TupleData, tuples_of
from training.tuples.feature_cache import FeatureCache
from training.tuples.miner import Describe, Mode, MODES, TrainingTuple, TupleMiner

__all__ = [
    'MODES',
    'MONTH_S',
    'Describe',
    'FeatureCache',
    'Mode',
    'TrainingTuple',
    'TupleData',
    'TupleMiner',
    'by_lists',
    'by_position',
    'join',
    'tuples_of',
]
