# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One real node for most tests, over real DDS in a domain of its own, and its client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from helpers import place_image, ROS_DOMAIN, tiny_model
import pytest

# Accepts what looks alike, so that the tests of the node do not depend on a calibration.
PARAMETERS = {
    'provider': 'cpu', 'threads': 1, 'keyframe_interval_s': 0.5, 'recent_time_s': 10.0,
    'min_probability': 0.0, 'min_similarity': 0.9, 'min_sequence_support': 0.0,
    'diagnostics_period_s': 0.2,
}


class RosModule(pytest.Module):
    """A module of tests that is not even imported where ROS 2 is missing."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Skip the module, or collect its tests."""
        pytest.importorskip('rclpy', reason='needs ROS 2: rclpy is not installed')
        pytest.importorskip('vpr_msgs.msg', reason='needs vpr_msgs, built by colcon or pip')
        return super().collect()


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
    """Collect the modules of this folder in that way."""
    return RosModule.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs ROS."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.ros)


@pytest.fixture(scope='session')
def domain() -> Iterator[None]:
    """Set the environment of nodes and clients."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('ROS_DOMAIN_ID', str(ROS_DOMAIN))
        patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
        patch.setenv('OMP_NUM_THREADS', '1')
        yield


@pytest.fixture(scope='session')
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of a tiny real model."""
    return str(tiny_model(tmp_path_factory.mktemp('model')))


@pytest.fixture(scope='session')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that the shared node may use."""
    return tmp_path_factory.mktemp('maps')


@pytest.fixture(scope='session')
def start(domain: None, model: str) -> Callable[..., Any]:
    """Start a node in a namespace of its own; return it with a client connected to it."""
    from ros.client import Client

    from vpr_ros.ros.node_process import NodeProcess

    numbers = iter(range(1000))

    def start_node(**parameters: Any) -> Client:
        values = {'model': model, **PARAMETERS, **parameters}
        return Client(NodeProcess(values, namespace=f'/test_{next(numbers)}'))

    return start_node


@pytest.fixture(scope='session')
def shared_client(start: Callable[..., Any], folder: Path) -> Iterator[Any]:
    """Return the node that most tests share, mapping."""
    with start(map_path=str(folder / 'live.vprmap'), directories=[str(folder)],
               session='morning', robot='anna') as client:
        client.wait_until_active()
        yield client
        assert client.stop() == 0, client.log()


@pytest.fixture
def client(shared_client: Any) -> Any:
    """Return the shared node, a minute after whatever it saw before."""
    shared_client.process.check()
    shared_client.advance(60.0)
    return shared_client


@pytest.fixture(scope='session')
def image_folder(folder: Path) -> Path:
    """Write a folder of 200 images: 50 places, each seen four times in a row."""
    import cv2

    images = folder / 'images'
    images.mkdir()
    for number in range(200):
        picture = place_image(1000 + number // 4, height=240, width=320)
        cv2.imwrite(str(images / f'{number:06d}.png'), picture[..., ::-1])
    return images
