# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the log says of the growing map: once when it happens, not with every look."""

from __future__ import annotations

from collections.abc import Iterator

from vpr_ros.ros.engine import Engine


class MapNews:
    """Remembers what was told already."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._problem = ''
        self._lacking = ('', '')
        self._forgotten: dict[str, int] = {}

    def of(self, engine: Engine) -> Iterator[str]:
        """Sentences that are new since the last call."""
        problem, place_map = engine.map_problem, engine.place_map
        if problem != self._problem:
            yield (f'mapping has stopped, recognition goes on: {problem}' if problem
                   else 'mapping goes on: places are stored again')
            self._problem = problem
        lacking = place_map.uuid, engine.patch_problem
        if lacking[1] and lacking != self._lacking:
            yield lacking[1]
        self._lacking = lacking
        before = self._forgotten.get(place_map.uuid, 0)
        if place_map.forgotten > before and place_map.uuid in self._forgotten:
            yield (f'the map forgot {place_map.forgotten - before} places to keep its budget, '
                   f'{place_map.forgotten} since it was made; {len(place_map)} are left')
        self._forgotten[place_map.uuid] = place_map.forgotten
