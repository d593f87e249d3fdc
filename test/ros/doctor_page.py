# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""docs/doctor.md: what the doctor says of the broken set-ups, as it says it.

``PYTHONPATH=test python -m ros.doctor_page > docs/doctor.md`` renews it; a test compares the two,
figures left out.
"""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
import re
import shlex
import sys
import tempfile

from helpers import ROS_DOMAIN
import pytest

from vpr_ros.cli.main import main

HOME = '/home/robot/site'
HEAD = """# vpr doctor

This page lets you find out why nothing comes, or why it comes slowly: call `vpr doctor` before the
first start, and whenever something is silent.

```
vpr doctor
vpr doctor --image-topic /camera/image_raw --map site.vprmap
vpr doctor --params robot.yaml --quiet
vpr doctor --node /robot1/place_recognition --json doctor.json
```

Where a node runs, its parameters and topics are looked at; what you name on the command line takes
their place. Nothing is changed: it listens, asks, opens the map for reading, and takes the map's
lock for a moment. Exit code 0 when nothing fails, 1 when something does. `--quiet` prints only
what is to be mended, `--json` writes all of it.

It looks at

- Python, packages, middleware: RMW, domain, discovery, multicast, Fast DDS profile;
- the model, its card, where it runs, how fast; parameters that do not go together;
- the map, the model that built it, its lock;
- the node and its life cycle, and subscribers of its topics that cannot hear it;
- publishers of the image topic, their type and quality of service, here and in other domains;
- the images: encoding, stamps, rate, size; clock, odometry, frames, calibration.

## Broken set-ups

Each is made by a test with real publishers, files and processes (`test/ros/test_doctor.py`). What
stands here is what it printed, with a small model so that it is quick. Most look at a plan,
without a running node, hence the line about it.
"""


def printed(words: tuple[str, ...]) -> str:
    """Return what the command prints, on both channels."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        main(['doctor', *words])
    return out.getvalue()


def shown_command(words: tuple[str, ...], folder: Path) -> str:
    """Write the command as a user types it, without what only the tests need."""
    return shlex.join(['vpr', 'doctor', *words]).replace(str(folder), HOME)


def page() -> str:
    """Write the whole page."""
    from ros.broken_set_ups import Bench, quick, SET_UPS

    parts = [HEAD]
    for number, set_up in enumerate(SET_UPS, start=1):
        with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
            folder = Path(name)
            with set_up.made(Bench(folder, patch, int(os.environ['ROS_DOMAIN_ID']))) as words:
                text = printed((*quick(words, folder), '--quiet')).replace(name, HOME)
                assert all(re.search(pattern, text) for pattern in set_up.said), text
                command = shown_command((*words, '--quiet'), folder)
        parts.append(f'\n### {number}. {set_up.title}\n\n```\n{command}\n```\n\n'
                     f'```text\n{text}```\n')
    return ''.join(parts)


if __name__ == '__main__':
    os.environ |= {'ROS_DOMAIN_ID': str(ROS_DOMAIN),
                   'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}
    os.environ.pop('FASTDDS_DEFAULT_PROFILES_FILE', None)
    sys.stdout.write(page())
