# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Several nodes in one process, with the program that the page on operation prints."""

from __future__ import annotations

import os
from pathlib import Path
import re
import signal
import subprocess
import sys

from helpers import place_image, ROOT
from ros.client import image_message, PATIENCE_S
from ros.publishing import now_ns, Publishing
from sensor_msgs.msg import Image

from vpr_msgs.msg import Recognition
from vpr_ros.ros import qos
from vpr_ros.ros.doctor_graph import Graph

ROBOTS = ('anna', 'berta')


def first_answer(graph: Graph, robot: str, number: int) -> Recognition:
    """Show one robot a place and wait for what it says."""
    topic = f'/{robot}/place_recognition/recognition'
    assert graph.spin_until(lambda: graph.node.count_publishers(topic) > 0, PATIENCE_S)
    picture = place_image(number)
    wanted = (Recognition, topic, qos.RESULT)
    with Publishing(Image, f'/{robot}/image', lambda n: image_message(picture, now_ns(n)),
                    rate_hz=10.0):
        (answers,) = graph.listen([wanted], PATIENCE_S, enough=1)
    assert answers, f'{robot} says nothing'
    return answers[0][1]


def test_two_robots_in_one_process(domain: None, model: str, tmp_path: Path) -> None:
    page = (ROOT / 'docs' / 'operation.md').read_text(encoding='utf-8')
    (program,) = re.findall(r"^cat > team.py <<'END'\n(.*?)^END$", page, re.M | re.S)
    log = tmp_path / 'log'
    with log.open('w') as output:
        process = subprocess.Popen(
            [sys.executable, '-c', program, '--ros-args', '-p', f'model:={model}',
             '-p', 'provider:=cpu', '-p', 'use_odometry:=false'],
            stdout=output, stderr=subprocess.STDOUT, cwd=tmp_path,
            env={**os.environ, 'PYTHONPATH': str(ROOT)},
        )
    try:
        with Graph() as graph:
            answers = [first_answer(graph, robot, n) for n, robot in enumerate(ROBOTS)]
    finally:
        process.send_signal(signal.SIGINT)
        status = process.wait(PATIENCE_S)
    assert status == 0, log.read_text()
    assert 'Traceback' not in log.read_text()
    assert len({answer.map_uuid for answer in answers}) == len(ROBOTS)  # a map each
