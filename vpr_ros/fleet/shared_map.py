# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The map that robots share: one Milvus collection for each model.

The primary key is that of :class:`.record.SharedPlace` and rows are written by ``upsert``, so that
pushing a place again changes nothing. Reads are strongly consistent: a robot that first pushes a
place and then searches cannot miss another one that did so before.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
import json
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vpr_ros.errors import ConfigError
from vpr_ros.fleet.client import check_uri, connect, library, talking
from vpr_ros.fleet.errors import FleetError
from vpr_ros.fleet.record import FLAGS, INTEGERS, LONGEST_KEY, NUMBERS, SharedPlace, TEXTS
from vpr_ros.place_map import ModelIdentity
from vpr_ros.place_map.limits import MAX_NAME_LENGTH

FORMAT = 1
COLUMNS = ('key', *TEXTS, *INTEGERS, *NUMBERS, *FLAGS, 'descriptor')
METRIC = 'COSINE'
_PREFIX = re.compile(r'[A-Za-z_][A-Za-z0-9_]{0,99}')


def check_prefix(prefix: str) -> str:
    """Return the beginning of a name that Milvus takes for a collection.

    Raises:
        ConfigError: it takes no such name.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ConfigError(
            f'fleet_collection: {prefix[:100]!r} found, expected letters, digits and underscores')
    return prefix


def collection_name(prefix: str, model: ModelIdentity, *, centred: bool) -> str:
    """Name the collection of a model; other models, or centred and not, never compare.

    Raises:
        ConfigError: Milvus takes no such name.
    """
    check_prefix(prefix)
    return f'{prefix}_v{FORMAT}_{model.sha256[:16]}{"_centred" if centred else ""}'


class SharedMap:
    """A connection to one collection, made on construction.

    Args:
        uri: of a Milvus server, or the .db file of Milvus Lite in this process.
        model: describes the places.
        prefix: begins the name of the collection.
        centred: descriptors are centred (parameter ``context_keyframes``).
        timeout_s: for one answer.

    Raises:
        FleetError: nobody answers, or the collection is of another kind.
        ConfigError: a name is wrong, or the client library is missing.
    """

    def __init__(
        self, uri: str, model: ModelIdentity, *, prefix: str = 'vpr_places',
        centred: bool = True, timeout_s: float = 5.0,
    ) -> None:
        self.uri, self.model = check_uri(uri), model
        self.name = collection_name(prefix, model, centred=centred)
        self._timeout_s = timeout_s
        self.refused = 0
        self._client = connect(uri, timeout_s)
        try:
            with talking(uri, 'open'):
                self._open()
        except BaseException:
            self.close()
            raise

    def push(self, places: Sequence[SharedPlace]) -> None:
        """Write places; on return they are in the shared map.

        Raises:
            FleetError: that is not certain; push them again.
        """
        if not places:
            return
        with talking(self.uri, 'write to'):
            written = self._client.upsert(
                self.name, [place.to_row() for place in places], timeout=self._timeout_s)
            if int(written['upsert_count']) != len(places):
                raise FleetError(f'the shared map at {self.uri} took {written["upsert_count"]} of '
                                 f'{len(places)} places; they are pushed again')

    def search(
        self, descriptors: NDArray[np.float16], count: int, *, without_robot: str
    ) -> list[list[SharedPlace]]:
        """Find the places of other robots that are most similar to some queries.

        Args:
            descriptors: float16 (n, D).
            count: how many for each query, at most.
            without_robot: whose places are left out.

        Returns:
            One list for each query, the most similar first by plain cosine. Rows that are no
            places are left out and counted in ``refused``.

        Raises:
            FleetError: no answer.
        """
        with talking(self.uri, 'search'):
            answers = self._client.search(
                self.name, data=list(descriptors.astype(np.float32)), anns_field='descriptor',
                limit=count, filter=f'robot != {json.dumps(without_robot)}',
                output_fields=list(COLUMNS), search_params={'metric_type': METRIC},
                consistency_level='Strong', timeout=self._timeout_s)
        return [self._places(hit['entity'] for hit in hits) for hits in answers]

    def count(self, robot: str = '', map_uuid: str = '') -> int:
        """How many places there are, of all robots or of one, from all its maps or from one.

        Raises:
            FleetError: no answer.
        """
        terms = (('robot', robot), ('map_uuid', map_uuid))
        wanted = ' and '.join(f'{name} == {json.dumps(value)}' for name, value in terms if value)
        with talking(self.uri, 'count'):
            rows = self._client.query(
                self.name, filter=wanted, output_fields=['count(*)'],
                consistency_level='Strong', timeout=self._timeout_s)
            return int(rows[0]['count(*)'])

    def places(self, *, batch: int = 500) -> list[SharedPlace]:
        """Every place, by key; for reports and tests, not for robots.

        Raises:
            FleetError: no answer.
        """
        found: list[SharedPlace] = []
        with talking(self.uri, 'read'):
            rows = self._client.query_iterator(
                self.name, batch_size=batch, output_fields=list(COLUMNS),
                consistency_level='Strong', timeout=self._timeout_s)
            while some := rows.next():
                found += self._places(some)
            rows.close()
        return sorted(found, key=lambda place: place.key)

    def close(self) -> None:
        """Let go of the connection; a second call does nothing."""
        with suppress(Exception):  # the network may be gone
            self._client.close()

    def _places(self, rows: Any) -> list[SharedPlace]:
        found = []
        for row in rows:
            try:
                place = SharedPlace.from_row(row, self.model.dim)
            except FleetError:
                self.refused += 1
                continue
            if place.model_sha256 == self.model.sha256:
                found.append(place)
            else:
                self.refused += 1
        return found

    def _open(self) -> None:
        """Make the collection if nobody has; several robots may try at once."""
        client = self._client
        if not client.has_collection(self.name, timeout=self._timeout_s):
            try:
                self._create()
            except library().MilvusException:
                if not client.has_collection(self.name, timeout=self._timeout_s):
                    raise
        fields = {field['name']: field
                  for field in client.describe_collection(self.name)['fields']}
        dim = int(fields.get('descriptor', {}).get('params', {}).get('dim', 0))
        if set(fields) != set(COLUMNS) or dim != self.model.dim:
            raise FleetError(
                f'the collection {self.name} at {self.uri} holds something else (columns '
                f'{sorted(fields)[:4]}..., {dim} dimensions, {self.model.dim} expected); choose '
                f'another fleet_collection')
        client.load_collection(self.name, timeout=self._timeout_s)

    def _create(self) -> None:
        client, kinds = self._client, library().DataType
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field('key', kinds.VARCHAR, is_primary=True, max_length=LONGEST_KEY)
        for name in TEXTS:
            schema.add_field(name, kinds.VARCHAR, max_length=4 * MAX_NAME_LENGTH)
        for name in INTEGERS:
            schema.add_field(name, kinds.INT64)
        for name in NUMBERS:
            schema.add_field(name, kinds.DOUBLE)
        for name in FLAGS:
            schema.add_field(name, kinds.BOOL)
        schema.add_field('descriptor', kinds.FLOAT_VECTOR, dim=self.model.dim)
        index = client.prepare_index_params()
        index.add_index('descriptor', index_type='AUTOINDEX', metric_type=METRIC)
        client.create_collection(
            self.name, schema=schema, index_params=index, consistency_level='Strong',
            timeout=self._timeout_s)
