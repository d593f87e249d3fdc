# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The fakes that tests share, in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared(*parts: str) -> Path:
    """A path in ``../shared``; skips the calling test when it is not there."""
    path = ROOT.parent.joinpath('shared', *parts)
    if not path.exists():
        pytest.skip(f'needs {Path("shared", *parts)}, which lies beside the checkout')
    return path
