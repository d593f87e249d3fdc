# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Who shares what: the collections of a server, with the places of each robot and drive."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from vpr_ros.fleet.client import check_uri, connect, talking
from vpr_ros.fleet.shared_map import check_prefix

_BATCH = 1000


@dataclass(frozen=True)
class Collection:
    """One shared map.

    Attributes:
        name: of the collection; it holds the first 16 digits of the model's sha256.
        places: (robot, session) -> number of places.
    """

    name: str
    places: dict[tuple[str, str], int]


def overview(uri: str, prefix: str = 'vpr_places', *, timeout_s: float = 10.0) -> list[Collection]:
    """List the collections whose names begin so, by name; every row is read once.

    Raises:
        ConfigError: the URI is none, or the client library is missing.
        FleetError: the server does not answer.
    """
    check_prefix(prefix)
    client = connect(check_uri(uri), timeout_s)
    try:
        found = []
        with talking(uri, 'read'):
            for name in sorted(client.list_collections(timeout=timeout_s)):
                if not name.startswith(f'{prefix}_v'):
                    continue
                client.load_collection(name, timeout=timeout_s)
                rows = client.query_iterator(
                    name, batch_size=_BATCH, output_fields=['robot', 'session'],
                    timeout=timeout_s)
                places: Counter[tuple[str, str]] = Counter()
                while some := rows.next():
                    places.update((str(row['robot']), str(row['session'])) for row in some)
                rows.close()
                found.append(Collection(name, dict(sorted(places.items()))))
        return found
    finally:
        with suppress(Exception):  # the network may be gone
            client.close()
