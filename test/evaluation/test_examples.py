# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize('name', [
    'decision.calibration', 'evaluation.calibration_error', 'evaluation.datasets',
    'evaluation.loop_metrics', 'evaluation.precision_recall', 'evaluation.retrieval_metrics',
])
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f'vpr_ros.{name}'))
    assert result.attempted > 0
    assert result.failed == 0
