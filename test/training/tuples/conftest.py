# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training half is optional: without torch these tests are not collected."""

from importlib.util import find_spec

import pytest

if find_spec('torch') is None:
    collect_ignore_glob = ['test_*.py']


@pytest.fixture(autouse=True)
def _one_thread():
    """Small tensors are not worth the threads of a machine that others use too."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
