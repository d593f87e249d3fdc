# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A build in a process of its own that waits for its end at a chosen frame.

Arguments: model, sources separated by commas, map, file to which a byte is added for every image
that is described, how many may be described before the process stops to be killed (0: all).
"""

from __future__ import annotations

import os
from pathlib import Path
import sys
import threading

from vpr_ros.building import build_map
from vpr_ros.model import load_model
from vpr_ros.place_map import PlaceMap
from vpr_ros.settings import load_settings


def main() -> None:
    model_path, sources, out, tally, stop_at, where = sys.argv[1:]
    model = load_model(model_path, provider='cpu')
    described, lock = os.open(tally, os.O_CREAT | os.O_APPEND | os.O_WRONLY), threading.Lock()
    count, original, added = 0, model.describe, PlaceMap.add

    def wait_for_the_end() -> None:
        print('here', flush=True)
        threading.Event().wait()

    def describe(*args, **kwargs):
        nonlocal count
        with lock:
            count += 1
            if where == 'describing' and count == int(stop_at):
                wait_for_the_end()
            os.write(described, b'.')
        return original(*args, **kwargs)

    def add(self, *args, **kwargs):
        place = added(self, *args, **kwargs)
        if where == 'added' and count >= int(stop_at):
            wait_for_the_end()
        return place

    model.describe = describe  # type: ignore[method-assign]
    if int(stop_at):
        PlaceMap.add = add  # type: ignore[method-assign]
    settings = load_settings(
        None, rerank='none', context_keyframes=5, keyframe_distance_m=1.0,
        recent_distance_m=6.0, min_sequence_support=0.0, min_probability=0.0)
    build_map([Path(source) for source in sources.split(',')], Path(out), model, settings)


if __name__ == '__main__':
    main()
