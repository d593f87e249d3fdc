# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every broken set-up is found and its fix named; the page shows what is printed."""

from __future__ import annotations

import json
from pathlib import Path
import re

from helpers import ROOT, ROS_DOMAIN
import pytest
from ros.broken_set_ups import (
    Bench,
    camera,
    odometry,
    quick,
    SET_UPS,
    SetUp,
    TOPIC,
    without_numbers,
)
from ros.doctor_page import HEAD, printed, shown_command

from vpr_ros.cli.main import main

PAGE = ROOT / 'docs' / 'doctor.md'
# The doctor looks at everything in its domain: nodes of other tests must not be in it, nor in the
# one beside it, where a camera is looked for.
OWN_DOMAIN = 218 + ROS_DOMAIN % 14


@pytest.fixture(autouse=True)
def _own_domain(domain: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', str(OWN_DOMAIN))


def said(words: tuple[str, ...], folder: Path) -> tuple[int, list[dict[str, str]]]:
    """Exit code and findings of the doctor."""
    report = folder / 'report.json'
    status = main(['doctor', *words, '--json', str(report)])
    return status, json.loads(report.read_text())['findings']


@pytest.mark.parametrize('set_up', SET_UPS, ids=lambda set_up: set_up.title)
def test_the_fault_is_found_and_the_fix_named(
    set_up: SetUp, domain: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    with set_up.made(Bench(tmp_path, monkeypatch, OWN_DOMAIN)) as words:
        status, findings = said(quick(words, tmp_path), tmp_path)
    bad = [f for f in findings if f['level'] != 'ok']
    found = [f for f in bad if f['subject'] == set_up.subject]
    assert found, bad
    text = f"{found[0]['found']} -> {found[0]['fix']}"
    for pattern in set_up.said:
        assert re.search(pattern, text), text
    assert found[0]['level'] == set_up.level
    assert status == any(f['level'] == 'error' for f in bad)
    # nothing else is called an error: the finding leads to the fault, not away from it
    assert [f['subject'] for f in bad if f['level'] == 'error'] in ([], [set_up.subject])
    _compare_with_the_page(set_up, words, bad, tmp_path)


def _compare_with_the_page(
    set_up: SetUp, words: tuple[str, ...], bad: list[dict[str, str]], folder: Path
) -> None:
    section = re.search(rf'^### \d+\. {re.escape(set_up.title)}\n(.*?)(?=^###|\Z)',
                        PAGE.read_text(encoding='utf-8'), re.M | re.S)
    assert section, f'docs/doctor.md has no section {set_up.title!r}; write it again'
    shown = without_numbers(section.group(1), folder)
    assert without_numbers(shown_command((*words, '--quiet'), folder), folder) in shown
    finding = next(f for f in bad if f['subject'] == set_up.subject)
    for text in (finding['found'], finding['fix']):
        assert without_numbers(text, folder) in shown


def test_the_page_has_every_set_up_and_no_other() -> None:
    text = PAGE.read_text(encoding='utf-8')
    assert text.startswith(HEAD)
    titles = re.findall(r'^### \d+\. (.*)$', text, re.M)
    assert titles == [set_up.title for set_up in SET_UPS]
    assert len(titles) >= 10


def test_a_good_set_up_has_nothing_to_mend(domain: None, tmp_path: Path) -> None:
    from helpers import tiny_model
    from nav_msgs.msg import Odometry
    from ros.publishing import Publishing

    with camera(), Publishing(Odometry, '/odom', odometry, name='wheels'):
        status, findings = said(
            ('--image-topic', TOPIC, '--model', str(tiny_model(tmp_path))), tmp_path)
    assert status == 0
    assert [f['subject'] for f in findings if f['level'] != 'ok'] in (
        ['node'], ['network', 'node'])
    subjects = {f['subject'] for f in findings}
    assert subjects >= {'python', 'ROS 2', 'middleware', 'model', 'image topic', 'images',
                        'stamps', 'clock', 'odometry'}


def test_quiet_prints_only_what_is_to_be_mended(tmp_path: Path) -> None:
    assert '[ ok ]' in printed(('--no-graph', '--mode', 'localization'))
    quiet = printed(('--no-graph', '--mode', 'localization', '--quiet'))
    assert '[ ok ]' not in quiet and '[warn] parameters' in quiet


def test_a_name_that_is_no_topic_is_one_sentence(domain: None, tmp_path: Path, capsys) -> None:
    from helpers import tiny_model

    words = ['doctor', '--image-topic', '/camera/image raw', '--model', str(tiny_model(tmp_path))]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith("vpr doctor: '/camera/image raw' is no name of a topic; expected ")
    assert len(said.strip().splitlines()) == 1
