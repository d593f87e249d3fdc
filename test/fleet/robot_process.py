# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One robot without ROS, as a process: takes commands line by line, tells what happens.

    python robot_process.py URI ROBOT MAP

``add FIRST COUNT LAP`` adds the places of these seeds to the map and says what the robot's own map
recognised; ``settle`` says so once all is pushed and compared; ``end`` ends it. Each line that it
prints is a JSON object.
"""

from __future__ import annotations

import json
from pathlib import Path
import sys
import threading
import time

from fleet_helpers import calibration, descriptor_of, MODEL, place_facts, settings

from vpr_ros.fleet import Courier, FleetMatch, FleetSettings, Member
from vpr_ros.place_map import PlaceMap

_guard = threading.Lock()


def say(**facts: object) -> None:
    """Print one line."""
    with _guard:
        print(json.dumps(facts), flush=True)


def found(match: FleetMatch) -> None:
    """Tell a match with another robot."""
    pose = match.match.place.pose
    say(event='match', query=match.query.place.place_id, robot=match.match.robot,
        session=match.match.session, place_id=match.match.place.place_id,
        stamp_ns=match.match.place.stamp_ns, map_frame=pose.frame_id if pose else '')


def settled(courier: Courier) -> bool:
    """Whether all is pushed and compared."""
    state = courier.state
    return state.connected and not state.waiting and not state.uncompared


def main() -> None:
    """Run until ``end``."""
    uri, robot, path = sys.argv[1:]
    place_map = PlaceMap.open(path) if Path(path).exists() else PlaceMap.create(path, MODEL)
    if not place_map.sessions():
        place_map.new_session(f'{robot}_drive', robot=robot)
    else:
        place_map.go_on(place_map.sessions()[-1].session_id)
    fleet = FleetSettings(uri=uri, robot=robot, timeout_s=10.0)
    courier = Courier(
        lambda: Member(place_map, fleet, settings, calibration(), found),
        lambda problem: say(event='link', problem=problem))
    courier.start()
    say(event='ready', places=len(place_map))
    for line in sys.stdin:
        words = line.split()
        if words[0] == 'end':
            break
        if words[0] == 'settle':
            while not settled(courier):
                time.sleep(0.02)
            say(event='settled')
            continue
        first, count, lap = map(int, words[1:])
        for seed in range(first, first + count):
            own = place_map.search(descriptor_of(robot, seed), 1)
            place = place_map.add(descriptor_of(robot, seed), **place_facts(robot, seed, lap))
            courier.added(place.place_id)
            say(event='added', place_id=place.place_id,
                best=round(own[0].similarity, 3) if own else None)
    courier.stop()
    place_map.close()


if __name__ == '__main__':
    main()
