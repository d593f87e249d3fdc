# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A GPU that fails while it is in use gives way to the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers import place_image, tiny_model
import numpy as np
import pytest

from vpr_ros.errors import ModelError
from vpr_ros.model import load_model, Model


class FailingSession:
    """As a session whose GPU has fallen off the bus."""

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        raise RuntimeError('CUDA failure 719: unspecified launch failure\nat some line')


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return load_model(str(tiny_model(tmp_path)), provider='cpu')


def test_the_cpu_takes_over_with_a_warning(model: Model) -> None:
    image = place_image(1)
    expected = model.describe(image).global_descriptor
    model._session, model.provider = FailingSession(), 'CUDAExecutionProvider'
    found = model.describe(image).global_descriptor
    assert np.array_equal(found, expected)
    assert model.provider == 'CPUExecutionProvider'
    assert model.warning.startswith('CUDAExecutionProvider failed while it was in use')
    assert '719' in model.warning and '\n' not in model.warning
    assert np.array_equal(model.describe(image).global_descriptor, expected)


def test_a_cpu_that_fails_is_an_error(model: Model) -> None:
    model._session = FailingSession()
    with pytest.raises(ModelError, match='failed on CPUExecutionProvider: CUDA failure 719'):
        model.describe(place_image(1))


def test_a_file_that_was_replaced_is_not_taken_instead(model: Model) -> None:
    model._session, model.provider = FailingSession(), 'CUDAExecutionProvider'
    model.card.onnx_path.write_bytes(b'another')
    with pytest.raises(ModelError, match='its card says'):
        model.describe(place_image(1))
