# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A real Milvus Lite server for every test that asks for one; skips where it is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import sys

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope='session')
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of one server for all tests; each takes a collection of its own."""
    pytest.importorskip('pymilvus', reason='the extra fleet is not installed')
    pytest.importorskip('milvus_lite', reason='the extra fleet is not installed')
    from vpr_ros.fleet.server import LiteServer

    with LiteServer(tmp_path_factory.mktemp('milvus') / 'data', port=0) as lite:
        yield lite.uri


@pytest.fixture
def own_server(tmp_path: Path, server: str) -> Iterator[str]:
    """URI of an empty server."""
    from vpr_ros.fleet.server import LiteServer

    with LiteServer(tmp_path / 'milvus', port=0) as lite:
        yield lite.uri
