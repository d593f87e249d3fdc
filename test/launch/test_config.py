# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The presets, the Fast DDS profile and the RViz configuration hold what the node takes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from helpers import ROOT
import pytest
import yaml

from vpr_ros.parameters import BY_NAME
from vpr_ros.settings import PRESETS, load_parameters, load_settings

CONFIG = ROOT / 'config'
NAMESPACE = {'dds': 'http://www.eprosima.com'}


@pytest.mark.parametrize('preset', PRESETS)
def test_a_preset_is_valid_for_node_and_pipeline(preset: str) -> None:
    values = load_parameters(preset)
    assert values == load_parameters(CONFIG / f'{preset}.yaml')
    settings = load_settings(preset)
    for name, value in values.items():
        if BY_NAME[name].group == 'pipeline':
            assert getattr(settings, name) == value


def test_balanced_is_what_one_gets_without_a_preset() -> None:
    values = load_parameters('balanced')
    assert values == {name: BY_NAME[name].default for name in values}


def test_presets_are_ordered_by_effort() -> None:
    fast, balanced, accurate = (load_settings(preset) for preset in PRESETS)
    assert fast.candidates <= balanced.candidates <= accurate.candidates
    assert fast.min_probability <= balanced.min_probability <= accurate.min_probability


def test_the_profile_has_room_for_large_images() -> None:
    root = ET.parse(CONFIG / 'fastdds_large_images.xml').getroot()
    transports = {
        t.findtext('dds:transport_id', namespaces=NAMESPACE): t
        for t in root.iterfind('.//dds:transport_descriptor', NAMESPACE)
    }
    used = [t.text for t in root.iterfind('.//dds:userTransports/dds:transport_id', NAMESPACE)]
    assert sorted(used) == sorted(transports)
    kinds = {t.findtext('dds:type', namespaces=NAMESPACE) for t in transports.values()}
    assert kinds == {'SHM', 'UDPv4'}  # the second for subscribers on other machines
    memory = transports['large_shared_memory']
    segment, message = (
        int(memory.findtext(f'dds:{name}', '0', NAMESPACE))
        for name in ('segment_size', 'maxMessageSize')
    )
    full_hd = 1920 * 1080 * 3
    assert message >= full_hd and segment >= 4 * message
    (participant,) = root.iterfind('.//dds:participant', NAMESPACE)
    assert participant.get('is_default_profile') == 'true'


def test_rviz_shows_what_the_node_publishes() -> None:
    displays = yaml.safe_load((CONFIG / 'place_recognition.rviz').read_text())
    topics = [
        display['Topic']['Value'] for display in displays['Visualization Manager']['Displays']
        if 'Topic' in display
    ]
    assert topics == ['place_recognition/markers', 'place_recognition/match_image']
