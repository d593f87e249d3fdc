# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Services of the running node: each answers when the work is done, or says why it is not."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
from helpers import place_image
from ros.client import Client, image_message, SECOND
from sensor_msgs.msg import CompressedImage

from vpr_msgs.msg import Recognition
from vpr_msgs.srv import BuildMap, GetMapInfo, LoadMap, NewSession, Recognize, SaveMap
from vpr_ros.place_map import PlaceMap
from vpr_ros.ros.geometry import stamp_from_message


def test_map_info_agrees_with_the_topic(client: Client) -> None:
    client.ask(place_image(200))
    answer = client.call(GetMapInfo, '~/get_map_info')
    assert answer.success and answer.message == ''
    latched = client.map_info.get(lambda m: m.revision == answer.info.revision)
    latched.header = answer.info.header  # the stamp says when it was looked at
    assert str(latched) == str(answer.info)  # by words, as NaN is not equal to itself
    assert answer.info.sessions[0].name == 'morning'
    assert sum(s.place_count for s in answer.info.sessions) == answer.info.place_count


def test_recognize_ranks_places_and_changes_nothing(client: Client) -> None:
    taken = client.ask(place_image(210))
    before = client.call(GetMapInfo, '~/get_map_info').info
    query = image_message(place_image(210), 77 * SECOND)
    answer = client.call(Recognize, '~/recognize', image=query, max_matches=3)
    assert answer.success, answer.message
    best = answer.recognition.matches[0]
    assert best.place_id == taken.query_id and best.similarity > 0.9
    assert len(answer.recognition.matches) <= 3
    ranked = [match.similarity for match in answer.recognition.matches]
    assert ranked == sorted(ranked, reverse=True)
    assert answer.recognition.header == query.header
    assert not answer.recognition.added_to_map
    jpeg = cv2.imencode('.jpg', place_image(210)[..., ::-1])[1].tobytes()
    answer = client.call(Recognize, '~/recognize', compressed=True,
                         compressed_image=CompressedImage(format='jpeg', data=jpeg))
    assert answer.recognition.matches[0].place_id == taken.query_id
    assert client.call(GetMapInfo, '~/get_map_info').info.revision == before.revision
    assert all(stamp_from_message(m.header.stamp) != 77 * SECOND
               for m in client.recognitions.messages)


def test_recognize_says_why_it_cannot(client: Client) -> None:
    answer = client.call(Recognize, '~/recognize')  # an image without pixels
    assert not answer.success and "encoding ''" in answer.message


def test_new_session_begins_a_drive(client: Client) -> None:
    client.ask(place_image(220))
    answer = client.call(NewSession, '~/new_session', name='after lunch')
    assert answer.success and answer.session == 'after lunch'
    seen = client.ask(place_image(220))  # a second later: recent, were it the same session
    assert seen.reason == Recognition.ACCEPTED, seen.reason_text
    again = client.call(NewSession, '~/new_session', name='after lunch')
    assert not again.success and 'choose another name' in again.message
    unnamed = client.call(NewSession, '~/new_session')
    assert unnamed.success and unnamed.session_id == answer.session_id + 1 and unnamed.session


def test_a_saved_map_is_complete_and_can_be_loaded(client: Client, folder: Path) -> None:
    answer = client.ask(place_image(230))
    saved = client.call(SaveMap, '~/save_map', path=str(folder / 'copy.vprmap'))
    assert saved.success, saved.message
    with PlaceMap.open(folder / 'copy.vprmap', read_only=True) as copy:
        assert len(copy) == saved.info.place_count >= answer.query_id
        assert copy.uuid == saved.info.uuid
    refused = client.call(SaveMap, '~/save_map', path='copy.vprmap')
    assert not refused.success and 'set overwrite' in refused.message
    assert client.call(SaveMap, '~/save_map', path='copy.vprmap', overwrite=True).success
    assert client.call(SaveMap, '~/save_map').success  # where it lives

    client.ask(place_image(231))
    loaded = client.call(LoadMap, '~/load_map', path='copy.vprmap')
    assert loaded.success, loaded.message
    assert loaded.info.path == str(folder / 'copy.vprmap')
    assert loaded.info.place_count == saved.info.place_count
    assert client.ask(place_image(230)).reason == Recognition.ACCEPTED
    assert client.ask(place_image(231)).reason != Recognition.ACCEPTED  # it came after the copy
    client.map_info.get(lambda m: m.path == loaded.info.path)
    back = client.call(LoadMap, '~/load_map', path='live.vprmap')
    assert back.success, back.message
    assert client.ask(place_image(231)).reason == Recognition.ACCEPTED


def test_a_map_that_cannot_be_loaded_leaves_the_old_one(client: Client, folder: Path) -> None:
    before = client.call(GetMapInfo, '~/get_map_info').info
    (folder / 'broken.vprmap').write_bytes(b'SQLite format 3\0 or so')
    for path, sentence in (('broken.vprmap', 'broken.vprmap'), ('missing.vprmap', 'not exist')):
        answer = client.call(LoadMap, '~/load_map', path=path)
        assert not answer.success and sentence in answer.message, answer.message
        assert '\n' not in answer.message
        assert answer.info.path == before.path
    assert client.ask(place_image(240)).map_uuid == before.uuid


def test_paths_outside_the_folders_are_refused(client: Client, folder: Path,
                                               tmp_path: Path) -> None:
    outside = tmp_path / 'outside.vprmap'
    PlaceMap.create(outside, client_model(client)).close()
    (folder / 'door').symlink_to(tmp_path)
    (folder / 'link.vprmap').symlink_to(outside)
    ways_out = [str(outside), os.path.relpath(outside, folder), 'door/outside.vprmap',
                'link.vprmap', f'{folder}/../{tmp_path.name}/outside.vprmap']
    content = outside.read_bytes()
    for path in ways_out:
        answers = [
            client.call(LoadMap, '~/load_map', path=path),
            client.call(SaveMap, '~/save_map', path=path, overwrite=True),
            client.call(BuildMap, '~/build_map', output=path, sources=[str(folder)],
                        overwrite=True),
            client.call(BuildMap, '~/build_map', output='new.vprmap', sources=[path]),
            client.call(BuildMap, '~/build_map', output='new.vprmap', sources=[str(folder)],
                        model=path + '/model.onnx'),
        ]
        for answer in answers:
            assert not answer.success
            assert 'outside the folders that this node may use' in answer.message
            assert '\n' not in answer.message
    assert outside.read_bytes() == content
    assert not (folder / 'new.vprmap').exists()


def client_model(client: Client):
    """Identity of the model that the node runs."""
    from vpr_ros.place_map import ModelIdentity

    info = client.call(GetMapInfo, '~/get_map_info').info
    return ModelIdentity(info.model_name, info.model_sha256, info.descriptor_dimension)
