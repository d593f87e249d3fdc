# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training half is optional: without torch these tests are not collected."""

from importlib.util import find_spec

if find_spec('torch') is None:
    collect_ignore_glob = ['test_*.py']
else:
    import torch

    torch.set_num_threads(1)
