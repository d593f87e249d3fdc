# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""docs/ros2_session.md: a session with the tools of ROS 2, as it was printed.

``VPR_SESSION_PAGE=docs/ros2_session.md python -m pytest test/launch/test_session.py`` renews it,
where ROS 2 with its tools and this package are installed. The test compares the commands; what
they print has times, hashes and numbers that differ each time.
"""

from __future__ import annotations

import os

from helpers import ROOT

PATH = ROOT / 'docs' / 'ros2_session.md'
VARIABLE = 'VPR_SESSION_PAGE'
HEAD = """# A session with ros2

This page shows what you will see: two robots on one machine, a map that a service builds, loop
closures, parameters, the life cycle and the end, each with the command and what it printed.

`test/launch/test_session.py` types these commands, checks the answers and writes this page,
wherever the tools of ROS 2 and this package are installed:

```
VPR_SESSION_PAGE=docs/ros2_session.md python -m pytest test/launch/test_session.py
```

The robots' cameras show a second drive through the rendered streets of the bag `bags/monday`.
`...` stands for what was left out; the times of the log are left out, too. Rates and durations are
those of a machine with {cores} cores and a load average of {load:.0f}.
"""


def head() -> str:
    """Return the beginning of the page, with what this machine is and is busy with."""
    return HEAD.format(cores=os.cpu_count(), load=os.getloadavg()[0])
