# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A process that writes a map, to be watched and killed; run with the map's path.

It opens the map (or makes it), then obeys one word a line on standard input, and answers each
with a line on standard output when the work is safe in the file:

``add``         one place more
``run``         places without end, a copy after every 16th, a merge after every 40th
``close``       close the map and end
"""

from __future__ import annotations

from pathlib import Path
import sys

from place_map.map_helpers import MODEL, fill

from vpr_ros.place_map import PlaceMap, merge


def main(path: Path) -> None:
    """Serve until told to end."""
    place_map = PlaceMap.open(path) if path.exists() else PlaceMap.create(path, MODEL)
    print('ready', flush=True)
    for line in sys.stdin:
        word = line.strip()
        if word == 'add':
            fill(place_map, 1, first_seed=len(place_map))
            print(len(place_map), flush=True)
        elif word == 'run':
            _run(place_map, path)
        elif word == 'close':
            place_map.close()
            print('closed', flush=True)
            return


def _run(place_map: PlaceMap, path: Path) -> None:
    while True:
        fill(place_map, 1, first_seed=len(place_map))
        print(len(place_map), flush=True)
        if len(place_map) % 16 == 0:
            place_map.save_as(path.with_name('copy.vprmap'))
        if len(place_map) % 40 == 0:
            merged = path.with_name('merged.vprmap')
            merged.unlink(missing_ok=True)
            merge([path], merged)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
