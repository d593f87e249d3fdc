# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults done to the real node over real DDS, and what is looked at after each.

``python -m pytest test/ros/faults --fault-table docs/faults.md`` writes what was seen into the
documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from helpers import place_image
import pytest
from ros.faults.fault_table import FaultTable, Row

TABLE = FaultTable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the table goes."""
    parser.addoption('--fault-table', metavar='FILE', help='write what was seen into this page')


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table."""
    path = session.config.getoption('--fault-table', None)
    if path and TABLE.rows:
        TABLE.write(Path(path))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Call a row good when its test ended well."""
    report = yield
    if report.when == 'call' and (row := getattr(item, 'fault_row', None)) is not None:
        row.passed = report.passed
        if report.skipped:
            TABLE.rows.remove(row)
    return report


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Callable[[str, str], Row]:
    """Return what opens the row of a test, called with what is done and what is expected."""

    def open_row(what: str, expected: str) -> Row:
        row = Row(what, expected)
        request.node.fault_row = row
        TABLE.rows.append(row)
        return row

    return open_row


@pytest.fixture(scope='package')
def bench(start: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start the node that most faults are done to, and what is looked at after each."""
    from ros.faults.bench import Bench

    folder = tmp_path_factory.mktemp('faults')
    path = folder / 'live.vprmap'
    with start(map_path=str(path), session='drive', min_similarity=0.7) as client:
        client.wait_until_active()
        bench = Bench(client, path)
        bench.drive()
        yield bench
        assert client.stop() == 0, client.log()
        assert 'Traceback' not in client.log()


@pytest.fixture
def node(bench: Any) -> Any:
    """Return the node of most faults, a minute after whatever was done to it before."""
    bench.client.process.check()
    bench.client.advance(60.0)
    bench.client.ask(place_image(900 + bench.faults))  # it answers, before anything is done to it
    bench.faults += 1
    return bench
