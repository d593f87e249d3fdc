# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Opens a map for writing and holds it until standard input ends."""

import sys

from vpr_ros.place_map import PlaceMap

with PlaceMap.open(sys.argv[1]):
    print('open', flush=True)
    sys.stdin.read()
