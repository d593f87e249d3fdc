# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The SROS 2 policies say what the running node does, all of it and no more."""

from __future__ import annotations

from collections.abc import Callable
import importlib.util
from pathlib import Path
import time
from typing import Any
from xml.etree import ElementTree

from helpers import ROOT
import pytest

POLICIES = ROOT / 'security' / 'policies'
NODE = 'place_recognition'
# kind in a policy -> (kind of permission, what an action makes of it)
KINDS = {
    ('topics', 'publish'): 'publish', ('topics', 'subscribe'): 'subscribe',
    ('services', 'reply'): 'reply', ('services', 'request'): 'request',
    ('actions', 'execute'): 'execute', ('actions', 'call'): 'call',
}
ACTION_SERVICES = ('send_goal', 'get_result', 'cancel_goal')
ACTION_TOPICS = ('feedback', 'status')
NEWER = {'get_type_description'}  # not in Humble
Names = dict[str, set[str]]


def policy_of(name: str, namespace: str = '') -> Names:
    """Permission -> full names, as sros2 reads a policy for a node in a namespace."""
    root = ElementTree.parse(POLICIES / f'{name}.xml').getroot()
    assert root.attrib['version'] == '0.2.0'
    profiles = root.findall('./enclaves/enclave/profiles/profile')
    assert [(p.attrib['ns'], p.attrib['node']) for p in profiles] == [('/', name)]
    assert root.find('./enclaves/enclave').attrib['path'] == f'/{name}'  # type: ignore[union-attr]
    found: Names = {kind: set() for kind in KINDS.values()}
    for group in profiles[0]:
        ((permission, rule),) = group.attrib.items()
        assert rule == 'ALLOW'
        for entry in group:
            assert entry.tag == group.tag[:-1]
            text = entry.text or ''
            if text.startswith('~/'):
                text = f'{namespace}/{name}/{text[2:]}'
            elif not text.startswith('/'):
                text = f'{namespace}/{text}'
            names = found[KINDS[group.tag, permission]]
            assert text not in names, f'{text} stands twice'
            names.add(text)
    return found


def with_actions(names: Names) -> Names:
    """Actions as the topics and services that they are made of."""
    served = {f'{a}/_action/{s}' for a in names['execute'] for s in ACTION_SERVICES}
    told = {f'{a}/_action/{t}' for a in names['execute'] for t in ACTION_TOPICS}
    return {'publish': names['publish'] | told, 'subscribe': names['subscribe'],
            'reply': names['reply'] | served, 'request': names['request']}


def interface_of(client: Any) -> Names:
    """Ask the graph for the interface of the running node."""
    node, namespace = client.node, client.process.namespace
    if (NODE, namespace) not in node.get_node_names_and_namespaces():
        return {kind: set() for kind in ('publish', 'subscribe', 'reply', 'request')}
    ask = {'publish': node.get_publisher_names_and_types_by_node,
           'subscribe': node.get_subscriber_names_and_types_by_node,
           'reply': node.get_service_names_and_types_by_node,
           'request': node.get_client_names_and_types_by_node}
    return {kind: {name for name, _ in question(NODE, namespace)}
            for kind, question in ask.items()}


def settled(client: Any) -> Names:
    """Wait until discovery has told the whole interface: twice the same, after the last."""
    client.wait_until_active()
    before: Names = {}
    while (now := interface_of(client)) != before or not now['reply']:
        before = now
        time.sleep(0.5)  # rclpy has no event for discovery that is complete
    return now


def test_the_policy_is_the_interface_of_the_running_node(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    fleet = {}
    if importlib.util.find_spec('pymilvus') is not None:
        fleet = {'fleet_uri': 'http://127.0.0.1:1', 'robot': 'anna'}
    with start(map_path=str(tmp_path / 'a.vprmap'), **fleet) as client:
        interface = settled(client)
        policy = with_actions(policy_of(NODE, client.process.namespace))
    if not fleet:
        interface['publish'].add(f'{client.process.namespace}/fleet_loop_closures')
    own = f'{client.process.namespace}/'
    for kind, names in interface.items():
        assert not names - policy[kind], f'the policy forbids to {kind} {names - policy[kind]}'
    # what other parameters add to these
    seldom = {f'{own}image/compressed', f'{own}depth', '/clock', *(
        f'{own}right/{name}' for name in ('image', 'image/compressed', 'camera_info'))}
    for kind, names in policy.items():
        unused = {n for n in names - interface[kind] if n.rpartition('/')[2] not in NEWER}
        assert unused <= seldom, f'the node does not {kind} {unused}'


@pytest.mark.parametrize(('values', 'added'), [
    ({'image_transport': 'compressed', 'use_sim_time': True},
     ('image/compressed', 'depth', '/clock')),
    ({'stereo': True}, ('right/image', 'right/camera_info')),
    ({'stereo': True, 'image_transport': 'compressed'}, ('right/image/compressed',)),
])
def test_what_other_parameters_add_is_in_the_policy(
    start: Callable[..., Any], values: dict[str, Any], added: tuple[str, ...]
) -> None:
    with start(relative_pose=True, **values) as client:
        client.process.check()
        end_s = time.monotonic() + 60.0
        own = client.process.namespace
        wanted = {name if name.startswith('/') else f'{own}/{name}' for name in added}
        interface = interface_of(client)
        while not wanted <= interface['subscribe']:
            client.process.check()
            assert time.monotonic() < end_s, (interface, client.log())
            time.sleep(0.2)
            interface = interface_of(client)
        policy = with_actions(policy_of(NODE, own))
    for kind, names in interface.items():
        assert names <= policy[kind], f'the policy forbids to {kind} {names - policy[kind]}'


@pytest.mark.parametrize('name', ['slam', 'operator'])
def test_the_other_policies_ask_for_what_the_node_offers(name: str) -> None:
    node, other = policy_of(NODE), policy_of(name)
    common = {'/parameter_events', '/rosout'}
    assert other['request'] <= node['reply']
    assert other['call'] <= node['execute']
    assert other['subscribe'] <= node['publish']
    assert other['publish'] - common <= node['subscribe']
    assert not other['reply'] | other['execute']


def test_only_the_operator_may_change_the_node() -> None:
    dangerous = {f'/{NODE}/{service}' for service in (
        'load_map', 'save_map', 'build_map', 'new_session', 'change_state', 'set_parameters',
        'set_parameters_atomically')}
    assert not policy_of('slam')['request'] & dangerous
    assert dangerous <= policy_of('operator')['request']
