# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The published steps in torch give what the benchmark's NumPy forms give."""

from __future__ import annotations

import numpy as np
import torch

from training.cli import main
from training.peer_forms import describe_patches, forms, match_pair
from training.verbs import peers as verb
from vpr_ros.bench import peers
from vpr_ros.bench.patch_head import by_definition, made_up
from vpr_ros.bench.rerank import Scene

SMALL = {'clusters': 5, 'channels': 12, 'dim': 6, 'grid': (11, 13), 'sharpness': 8.0}


def test_matches_are_the_same():
    scene = Scene(0, 2, (8, 10), 16)
    for one in scene.decoded:
        found = match_pair(torch.from_numpy(scene.unit_query), torch.from_numpy(one))
        for ours, theirs in zip(found, peers.match_pair(scene.unit_query, one), strict=True):
            np.testing.assert_array_equal(ours.numpy(), theirs)


def test_patch_descriptors_are_the_same():
    head = made_up(**SMALL)
    for found, expected in zip(describe_patches(head), by_definition(head), strict=True):
        np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_the_command_says_both_times(monkeypatch, capsys):
    monkeypatch.setattr(verb, 'forms', lambda: forms(1, **SMALL))
    threads = torch.get_num_threads()
    assert main(['peers', '--repeats', '1']) == 0
    torch.set_num_threads(threads)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith('matching of 1 candidates: torch ')
    assert second.startswith('patch descriptors, 3 sizes: torch ')
