# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The presets, the Fast DDS profile and the RViz configuration hold what the node takes."""

from __future__ import annotations

import ast
import json
import re
import xml.etree.ElementTree as ET

from helpers import ROOT
import pytest
import yaml

from vpr_ros.parameters import BY_NAME  # noqa: I100
from vpr_ros.settings import load_parameters, load_settings, PRESETS

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


def test_nav2s_manager_leads_the_node_and_waits_for_no_bond() -> None:
    (values,) = yaml.safe_load((CONFIG / 'nav2_lifecycle_manager.yaml').read_text()).values()
    # the names are those that Nav2 documents for its lifecycle manager
    assert values['ros__parameters'] == {
        'autostart': True, 'node_names': ['place_recognition'], 'bond_timeout': 0.0,
        'attempt_respawn_reconnection': False,
    }


def test_the_page_says_what_the_presets_change() -> None:
    page = (ROOT / 'docs' / 'operation.md').read_text(encoding='utf-8')
    rows = dict(re.findall(r'^\| `(\w+)` \| (.*?) \|', page, re.M))
    fast, accurate = load_parameters('fast'), load_parameters('accurate')
    assert f"{fast['max_rate_hz']:.0f} images a second" in rows['fast']
    assert f"{fast['candidates']} candidates" in rows['fast']
    assert f"{accurate['candidates']} candidates" in rows['accurate']
    assert f"probability {accurate['min_probability']}" in rows['accurate']
    assert accurate['rerank'] != 'none' and 'patch by patch' in rows['accurate']


def test_what_launch_files_start_is_installed_with_the_package() -> None:
    started = {
        ast.literal_eval(word.value)
        for file in (*(ROOT / 'launch').glob('*.launch.py'), ROOT / 'vpr_ros/ros/launching.py')
        for call in ast.walk(ast.parse(file.read_text(encoding='utf-8')))
        if isinstance(call, ast.Call) for word in call.keywords if word.arg == 'package'
    }
    declared = {node.text for node in ET.parse(ROOT / 'package.xml').iterfind('exec_depend')}
    # RViz is for computers with a screen; docs/operation.md asks for it
    assert started - declared == {'vpr_ros', 'rviz2'}
    assert {'ros2launch', 'launch', 'launch_ros', 'ament_index_python'} <= declared
    assert 'install rviz2' in (ROOT / 'docs' / 'operation.md').read_text(encoding='utf-8')


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


def published() -> dict[str, str]:
    """Topic -> type of what the node's outputs and diagnostics create, read from the source."""
    found = {}
    for call in (call for name in ('outputs', 'updater') for call in ast.walk(ast.parse(
            (ROOT / 'vpr_ros' / 'ros' / f'{name}.py').read_text(encoding='utf-8')))):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in (
                'create', 'node.create_publisher'):
            kind, name = call.args[:2]
            topic = str(ast.literal_eval(name)).replace('~', 'place_recognition', 1)
            found[topic if topic.startswith('/') else f'/{topic}'] = ast.unparse(kind)
    return found


def fields(name: str) -> dict[str, str]:
    """Field -> type of a message of vpr_msgs."""
    text = (ROOT / 'vpr_msgs' / 'msg' / f'{name}.msg').read_text(encoding='utf-8')
    words = (line.partition('#')[0].split() for line in text.splitlines())
    return {word[1]: word[0] for word in words if len(word) == 2}


def test_rviz_shows_what_the_node_publishes() -> None:
    displays = yaml.safe_load((CONFIG / 'place_recognition.rviz').read_text())
    topics = {
        display['Class']: f"/{display['Topic']['Value']}"
        for display in displays['Visualization Manager']['Displays'] if 'Topic' in display
    }
    types = {kind: published()[topic] for kind, topic in topics.items()}
    # RViz's image display finds the compressed transport by the type of the topic
    assert types == {'rviz_default_plugins/MarkerArray': 'MarkerArray',
                     'rviz_default_plugins/Image': 'CompressedImage'}


def test_foxglove_shows_what_the_node_publishes() -> None:
    panels = json.loads((CONFIG / 'foxglove_layout.json').read_text())
    config = panels['configById']
    paths = [path['value'] for panel in config.values() for path in panel.get('paths', ())]
    paths += [panel['topicPath'] for panel in config.values() if 'topicPath' in panel]
    paths += [panel['imageMode']['imageTopic'] for panel in config.values()
              if 'imageMode' in panel]
    paths += [panel['topicToRender'] for panel in config.values() if 'topicToRender' in panel]
    paths += [topic for panel in config.values() for topic in panel.get('topics', ())]
    topics = published()
    for path in paths:
        topic, *parts = path.split('.')
        assert topic in topics, path
        message = {'Recognition': 'Recognition', 'RecognitionMessage': 'Recognition'}.get(
            topics[topic], '')
        for part in parts:
            name = part.partition('[')[0]
            assert name in fields(message), path
            message = fields(message)[name].removesuffix('[]')
    shown = {path.partition('.')[0] for path in paths}
    assert shown >= {'/place_recognition/markers', '/place_recognition/match_image',
                     '/place_recognition/recognition', '/loop_closures', '/diagnostics'}


def test_every_foxglove_panel_is_in_the_layout_once() -> None:
    panels = json.loads((CONFIG / 'foxglove_layout.json').read_text())

    def leaves(node: object) -> list[str]:
        if isinstance(node, dict):
            return leaves(node['first']) + leaves(node['second'])
        return [str(node)]

    assert sorted(leaves(panels['layout'])) == sorted(panels['configById'])
