# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Faults of others in the graph: storms of calls and changes, and a second node of one name."""

from __future__ import annotations

import subprocess
from typing import Any

from helpers import place_image
import pytest
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters, SetParameters
from ros.client import Client, PATIENCE_S

from vpr_msgs.srv import GetMapInfo, LoadMap
from vpr_ros.ros.node_process import NodeProcess
from vpr_ros.ros.qos import SERVICE

CALLS = 1000


def real(name: str, value: float) -> Parameter:
    return Parameter(name=name, value=ParameterValue(
        type=ParameterType.PARAMETER_DOUBLE, double_value=value))


def caller_of(client: Client, service_type: Any, name: str) -> Any:
    """Make a client for many calls: one that has been found, with room for all of them."""
    caller = client.node.create_client(
        service_type, client.process.topic(name), qos_profile=SERVICE)
    assert caller.wait_for_service(PATIENCE_S), client.log()
    return caller


def test_a_thousand_calls_at_once(node, fault) -> None:
    row = fault(f'{CALLS} calls of ~/get_map_info at once',
                'each is answered; images are answered meanwhile')
    client = node.client
    caller = caller_of(client, GetMapInfo, '~/get_map_info')
    futures = [caller.call_async(GetMapInfo.Request()) for _ in range(CALLS)]
    client.ask(place_image(1))
    waiting = sum(not future.done() for future in futures)
    answers = [client.wait(future, 3 * PATIENCE_S) for future in futures]
    assert all(answer.success for answer in answers)
    client.node.destroy_client(caller)
    row.saw(f'{len(answers)} of {CALLS} answered',
            f'an image was answered while {waiting} calls waited', *node.aftermath())


def test_parameters_change_under_load(node, fault) -> None:
    row = fault('40 changes of parameters, a bad one, and 5 calls of ~/load_map while images come',
                'good ones are taken, the bad one is refused with a sentence, images are answered')
    client = node.client
    path = str(node.map_path)
    setter = caller_of(client, SetParameters, '~/set_parameters')
    loader = caller_of(client, LoadMap, '~/load_map')
    changes, loads = [], []
    for number in range(40):
        value = 0.5 + number / 100
        changes.append(setter.call_async(
            SetParameters.Request(parameters=[real('min_margin', -value)])))
        if number % 8 == 0:
            loads.append(loader.call_async(LoadMap.Request(path=path)))
            client.ask(place_image(2))
    refused = client.call(SetParameters, '~/set_parameters',
                          parameters=[real('min_margin', -7.0)]).results[0]
    assert not refused.successful and refused.reason
    assert all(client.wait(change).results[0].successful for change in changes)
    assert all(client.wait(load).success for load in loads)
    client.call(SetParameters, '~/set_parameters', parameters=[real('min_margin', -2.0)])
    last = client.call(GetParameters, '~/get_parameters', names=['min_margin']).values[0]
    assert last.double_value == pytest.approx(-2.0)
    client.node.destroy_client(setter)
    client.node.destroy_client(loader)
    row.saw(f'{len(changes)} changes and {len(loads)} loads taken', '1 change refused',
            *node.aftermath())


def test_a_second_node_with_the_same_map(node, fault, model: str) -> None:
    row = fault('a second node is started on the map that the first one grows',
                'it ends with status 1 and one sentence; the first one goes on')
    second = NodeProcess({'model': model, 'map_path': str(node.map_path)},
                         namespace=node.client.process.namespace)
    try:
        status = second._process.wait(PATIENCE_S)
        said = second.log()
    except subprocess.TimeoutExpired:
        status, said = None, second.log()
    finally:
        second.stop()
    assert status == 1 and 'is already open for writing in process' in said, said
    row.saw('it ended with status 1: "map live.vprmap is already open for writing in process ..."',
            *node.aftermath())


def test_a_second_node_of_the_same_name(node, fault, model: str) -> None:
    row = fault('a second node of the same name in the same namespace, its map in memory',
                'both live, diagnostics are ERROR until one has ended')
    with node.diagnosis() as diagnosis:
        second = NodeProcess({'model': model, 'provider': 'cpu'},
                             namespace=node.client.process.namespace)
        try:
            row.saw(diagnosis.names('recognition', '1 more nodes are called'))
        finally:
            assert second.stop() == 0
    with node.diagnosis() as diagnosis:
        diagnosis.is_silent_about('recognition', 'more nodes are called')
    row.saw('no more when it had ended', *node.aftermath())
