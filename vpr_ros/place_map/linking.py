# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Revisits and counts of places that go are led to places that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vpr_ros.place_map.columns import PlaceColumns
from vpr_ros.place_map.store import Store


def link_again(
    store: Store, columns: PlaceColumns, gone: Sequence[int], stand_ins: Mapping[int, int]
) -> dict[int, int]:
    """Lead revisits and counts of places that go to those that stay, in the file.

    A revisit goes to the stand-in, or to the place that this one revisits, or else to the first
    of the revisits themselves.

    Args:
        store: in a transaction.
        columns: of the places as they are before; they are not changed.
        gone: ids of the places that go, ascending.
        stand_ins: place that goes -> earlier place that shows the same.

    Returns:
        Place that stays -> the place that it revisits from now on, 0 for none.
    """
    going = set(gone)
    orphans_of: dict[int, list[int]] = {}
    for row in columns.revisits_of(np.array(gone, np.int64)).tolist():
        if int(columns.ids[row]) not in going:
            spot = int(columns.rows['revisit_of'][row])
            orphans_of.setdefault(spot, []).append(int(columns.ids[row]))
    matches, changed = store.matches(), {}
    for place_id in gone:
        heir = stand_ins.get(place_id, 0)
        while heir in going:
            heir = stand_ins.get(heir, 0)
        row = columns.find(heir)
        spot = 0 if row is None else int(columns.rows['revisit_of'][row])
        heir = spot if spot and spot not in going else heir
        orphans = orphans_of.get(place_id, [])
        if not heir and orphans:
            heir = orphans[0]
            changed[heir] = 0
        changed.update((orphan, heir) for orphan in orphans if orphan != heir)
        if heir and matches.get(place_id):
            matches[heir] = matches.get(heir, 0) + matches[place_id]
            store.put_matches(heir, matches[heir])
    for place_id, spot in changed.items():
        store.change_place(place_id, revisit_of=spot)
    return changed
