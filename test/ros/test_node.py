# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The node as a process of its own: images in, recognitions and loop closures out."""

from __future__ import annotations

from pathlib import Path

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Point
from helpers import place_image
from nav_msgs.msg import Odometry
import numpy as np
import pytest
from ros.client import Client, image_message, Inbox, SECOND
from sensor_msgs.msg import CompressedImage, Image
from visualization_msgs.msg import MarkerArray

from vpr_msgs.msg import LoopClosureCandidates, MapInfo, Recognition
from vpr_msgs.srv import NewSession
from vpr_ros.images.narrow import stretch_counts
from vpr_ros.ros import qos
from vpr_ros.ros.geometry import stamp_from_message, stamp_to_message


def statuses(client: Client, inbox: Inbox, part: str, key: str, value: str) -> DiagnosticStatus:
    """Wait for the status of a part in which a key has a value."""
    name = f'{client.process.namespace}/place_recognition: {part}'

    def holds(message: DiagnosticArray) -> bool:
        return any(
            status.name == name and {v.key: v.value for v in status.values}.get(key) == value
            for status in message.status
        )

    message = inbox.get(holds)
    return next(status for status in message.status if status.name == name)


def test_every_image_is_answered_with_its_own_stamp_and_frame(client: Client) -> None:
    answer = client.ask(place_image(1))
    assert stamp_from_message(answer.header.stamp) == client.now_ns
    assert answer.header.frame_id == 'camera'
    assert answer.model_name == 'tiny' and len(answer.map_uuid) == 36
    assert answer.reason_text.startswith(
        {getattr(Recognition, n): n for n in ('ACCEPTED', 'NO_MAP', 'TOO_RECENT',
                                              'LOW_SIMILARITY')}[answer.reason]
    )
    assert {'describe', 'total'} <= set(answer.stage_names)
    assert all(ms >= 0 for ms in answer.stage_ms)


def test_a_second_visit_is_a_loop_closure_with_both_stamps(client: Client) -> None:
    closures = client.collect(LoopClosureCandidates, 'loop_closures')
    session, first = client.call(NewSession, '~/new_session').session, {}
    for place in range(10, 16):
        answer = client.ask(place_image(place))
        assert answer.added_to_map and answer.query_id > 0
        first[place] = client.now_ns, answer.query_id
    client.advance(30.0)
    for place in (11, 12, 13):
        answer = client.ask(place_image(place))
        assert answer.reason == Recognition.ACCEPTED, answer.reason_text
        message = closures.get(lambda m: stamp_from_message(m.header.stamp) == client.now_ns)
        (closure,) = message.candidates
        stamp_ns, place_id = first[place]
        assert stamp_from_message(closure.header.stamp) == client.now_ns
        assert stamp_from_message(closure.match_stamp) == stamp_ns
        assert (closure.match_id, closure.query_id) == (place_id, answer.query_id)
        assert closure.similarity > 0.9
        assert closure.match_session == session
        assert (closure.query_robot, closure.match_robot) == ('anna', 'anna')
        assert not closure.has_relative_pose and not closure.has_map_pose
        assert np.isnan(closure.spatial_score)
    unseen = client.ask(place_image(999))
    assert unseen.reason != Recognition.ACCEPTED
    assert all(stamp_from_message(m.header.stamp) != client.now_ns for m in closures.messages)


def test_what_was_just_left_is_no_loop_closure(client: Client) -> None:
    client.ask(place_image(20))
    answer = client.ask(place_image(20), after_s=2.0)
    assert answer.reason != Recognition.ACCEPTED


def grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def mosaic(image: np.ndarray) -> np.ndarray:
    """Turn an image into what an RGGB sensor sees."""
    raw = image[..., 1].copy()
    raw[::2, ::2], raw[1::2, 1::2] = image[::2, ::2, 0], image[1::2, 1::2, 2]
    return raw


@pytest.mark.parametrize(('encoding', 'convert', 'keywords', 'similarity'), [
    ('bgr8', lambda i: i[..., ::-1], {}, 0.999),
    ('rgb8', lambda i: i, {'padding': 13}, 0.999),
    ('bgra8', lambda i: cv2.cvtColor(i, cv2.COLOR_RGB2BGRA), {'padding': 4}, 0.999),
    ('bayer_rggb8', mosaic, {}, 0.95),
    ('rgb16', lambda i: (i.astype('u2') << 8).astype('<u2'), {}, 0.999),
    ('rgb16', lambda i: (i.astype('u2') << 8).astype('>u2'), {'is_bigendian': True}, 0.999),
], ids=['bgr', 'padded', 'bgra', 'bayer', '16 bit', 'big-endian'])
def test_encodings_show_the_same_place(client: Client, encoding, convert, keywords,
                                       similarity) -> None:
    """The picture is recognised as itself, whatever form it comes in."""
    client.ask(place_image(30))
    client.advance(30.0)
    answer = client.ask(convert(place_image(30)), encoding=encoding, **keywords)
    assert answer.reason == Recognition.ACCEPTED, answer.reason_text
    assert answer.matches[0].similarity > similarity


def test_grey_and_grey_of_16_bits_show_the_same_place(client: Client) -> None:
    # grey of 16 bits is stretched: take a picture that fills the range already
    picture = stretch_counts(grey(place_image(31)).astype(np.uint16) * 257)
    client.ask(picture, encoding='mono8')
    client.advance(30.0)
    for form, keywords in ((picture, {'encoding': 'mono8', 'padding': 5}),
                           (picture.astype('<u2') * 257, {'encoding': 'mono16'})):
        answer = client.ask(form, **keywords)
        assert answer.reason == Recognition.ACCEPTED, answer.reason_text


def test_an_image_it_cannot_take_is_counted_and_named_and_the_node_goes_on(
    client: Client,
) -> None:
    diagnostics = client.collect(DiagnosticArray, '/diagnostics')
    publisher = client.publisher(Image, 'image')
    strange = image_message(place_image(1), client.advance(1.0))
    strange.encoding = 'colour_by_numbers'
    publisher.publish(strange)
    short = image_message(place_image(1), client.advance(1.0))
    short.height += 10
    # the newest wins, so the second is only sent when the first has been looked at
    statuses(client, diagnostics, 'images', 'conversion_errors', '1')
    publisher.publish(short)
    status = statuses(client, diagnostics, 'images', 'conversion_errors', '2')
    named = {v.key: v.value for v in status.values if v.key.startswith('conversion_error: ')}
    assert sorted(named.values()) == ['1', '1']
    assert any('colour_by_numbers' in name for name in named)
    assert any('106 rows' in name for name in named)
    warned = [s for m in diagnostics.messages for s in m.status
              if s.name.endswith(': images') and s.level == DiagnosticStatus.WARN]
    assert any('could not be taken' in s.message for s in warned)
    client.ask(place_image(2))
    assert 'Traceback' not in client.log()


def test_diagnostics_tell_rate_latency_map_provider_and_reason(client: Client) -> None:
    diagnostics = client.collect(DiagnosticArray, '/diagnostics')
    for place in range(40, 44):
        answer = client.ask(place_image(place))
    newest = max(m.query_id for m in client.recognitions.messages)
    map_status = statuses(client, diagnostics, 'map', 'places', str(newest))
    assert {'mode', 'path', 'uuid', 'sessions'} <= {v.key for v in map_status.values}
    name = next(n for n in ('LOW_SIMILARITY', 'ACCEPTED', 'TOO_RECENT', 'AMBIGUOUS')
                if answer.reason_text.startswith(n))
    status = statuses(client, diagnostics, 'recognition', 'last_reason', name)
    values = {v.key: v.value for v in status.values}
    assert values['provider'] == 'CPUExecutionProvider' and values['model'] == 'tiny'
    assert float(values['total_ms_p50']) <= float(values['total_ms_p99'])
    assert 'another clock' in values['age_ms_p50']  # these stamps are of 1970
    images = statuses(client, diagnostics, 'images', 'publishers', '1')
    values = {v.key: v.value for v in images.values}
    assert float(values['rate_hz']) > 0
    assert int(values['received']) >= 4


def test_time_that_jumps_back_begins_anew(client: Client) -> None:
    client.ask(place_image(50))
    info = client.collect(MapInfo, '~/map_info', qos.STATUS)
    sessions = len(info.get().sessions)
    client.advance(-40.0)
    answer = client.ask(place_image(51))
    assert stamp_from_message(answer.header.stamp) == client.now_ns
    changed = info.get(lambda m: len(m.sessions) > sessions)
    assert len(changed.sessions) == sessions + 1
    # the place seen before the jump is of another drive now, so it may be recognised at once
    assert client.ask(place_image(50)).reason == Recognition.ACCEPTED


def test_an_image_out_of_order_is_left_out(client: Client) -> None:
    diagnostics = client.collect(DiagnosticArray, '/diagnostics')
    client.ask(place_image(52))
    late = image_message(place_image(53), client.now_ns - SECOND // 2)
    client.publisher(Image, 'image').publish(late)
    statuses(client, diagnostics, 'images', 'out_of_order', '1')
    client.ask(place_image(54))
    stamps = [stamp_from_message(m.header.stamp) for m in client.recognitions.messages]
    assert stamp_from_message(late.header.stamp) not in stamps


def test_map_info_is_latched_and_follows_the_map(client: Client) -> None:
    late = client.collect(MapInfo, '~/map_info', qos.STATUS)
    before = late.get()
    assert before.mode == MapInfo.MAPPING and before.model_name == 'tiny'
    assert before.path.endswith('live.vprmap') and not before.read_only
    answer = client.ask(place_image(60))
    after = late.get(lambda m: m.revision > before.revision and m.place_count >= answer.query_id)
    assert after.uuid == before.uuid == answer.map_uuid


def test_a_picture_shows_query_and_match_to_who_looks(client: Client) -> None:
    client.ask(place_image(70))
    client.advance(30.0)
    pictures = client.collect(CompressedImage, '~/match_image', qos.PICTURE)
    for _ in range(40):  # until the node has seen the subscriber
        client.ask(place_image(70))
        if pictures.messages:
            break
    picture = pictures.get()
    shown = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.format == 'jpeg' and shown.shape == (268, 640, 3)
    assert abs(shown[:240, :320].astype(int) - shown[:240, 320:]).mean() < 12  # the same place


def test_odometry_lockstep_and_the_life_cycle(start, folder: Path, image_folder: Path) -> None:
    """One node for three things that need other parameters, to start fewer."""
    from lifecycle_msgs.msg import State, Transition
    from lifecycle_msgs.srv import ChangeState, GetState

    from vpr_msgs.action import MapBuilding

    with start(autostart=False, lockstep=True, keyframe_distance_m=1.0, recent_distance_m=4.0,
               keyframe_novelty=2.0, directories=[str(folder)]) as client:
        def state() -> int:
            return client.call(GetState, '~/get_state').current_state.id

        def change(transition: int) -> bool:
            return client.call(ChangeState, '~/change_state',
                               transition=Transition(id=transition)).success

        assert state() == State.PRIMARY_STATE_UNCONFIGURED
        assert change(Transition.TRANSITION_CONFIGURE)
        assert state() == State.PRIMARY_STATE_INACTIVE
        assert change(Transition.TRANSITION_ACTIVATE)

        markers = client.collect(MarkerArray, '~/markers', qos.PICTURE)
        closures = client.collect(LoopClosureCandidates, 'loop_closures')
        images, odometry = client.publisher(Image, 'image'), client.publisher(Odometry, 'odom')
        # a straight there and back of 10 m: place 100 + x at every metre x
        way = [*range(11), *range(9, -1, -1)]
        stamps = [client.advance(1.0) for _ in way]
        for x, stamp_ns in zip(way, stamps, strict=True):
            message = Odometry()
            message.header.stamp, message.header.frame_id = stamp_to_message(stamp_ns), 'odom'
            message.pose.pose.position = Point(x=float(x))
            message.pose.pose.orientation.w = 1.0
            odometry.publish(message)
        for x, stamp_ns in zip(way, stamps, strict=True):
            images.publish(image_message(place_image(100 + x), stamp_ns))
        client.recognitions.get(lambda r: stamp_from_message(r.header.stamp) == stamps[-1])

        answers = client.recognitions.messages
        assert [stamp_from_message(a.header.stamp) for a in answers] == stamps  # all, in order
        assert all(a.has_travelled for a in answers)
        assert [round(a.travelled_m) for a in answers] == list(range(21))
        accepted = {stamp_from_message(m.header.stamp): m.candidates[0] for m in
                    closures.messages}
        assert accepted, 'the way back shows the places of the way there'
        for stamp_ns, closure in accepted.items():
            x = way[stamps.index(stamp_ns)]
            assert closure.has_map_pose and closure.map_frame_id == 'odom'
            assert closure.match_pose_in_map.pose.position.x == pytest.approx(x)
            assert stamp_from_message(closure.match_stamp) == stamps[x]
        drawn = markers.get(lambda m: any(
            k.ns == 'loop_closures' and len(k.points) == 2 * len(accepted) for k in m.markers
        ))
        assert {k.header.frame_id for k in drawn.markers} == {'odom'}

        assert change(Transition.TRANSITION_DEACTIVATE)
        images.publish(image_message(place_image(100), client.advance(1.0)))
        action, feedback = client.action(MapBuilding, '~/map_building'), Inbox()
        goal = MapBuilding.Goal(sources=[image_folder.name], output='interrupted.vprmap')
        client.wait(action.send_goal_async(goal, feedback.put))
        assert feedback.get().feedback.done < 200
        assert change(Transition.TRANSITION_CLEANUP)  # ends the build as well
        assert not list(folder.glob('*interrupted*'))
        action.destroy()
        assert state() == State.PRIMARY_STATE_UNCONFIGURED
        assert change(Transition.TRANSITION_CONFIGURE)  # and once more
        assert change(Transition.TRANSITION_ACTIVATE)
        assert client.ask(place_image(100)).reason == Recognition.NO_MAP  # memory was cleared
        assert len(client.recognitions.messages) == len(stamps) + 1
        assert client.stop() == 0
        assert 'Traceback' not in client.log()


def test_a_map_in_localization_stays_as_it_is(start, model: str, tmp_path: Path) -> None:
    """Compressed images, a read-only map: recognised, and not one byte of the file changes."""
    from vpr_ros.assembly import open_recognizer
    from vpr_ros.settings import Settings
    from vpr_ros.types import Frame

    source = tmp_path / 'site.vprmap'
    settings = Settings(model=model, keyframe_interval_s=0.5)
    recognizer = open_recognizer(settings, map_path=source)
    with recognizer.place_map:
        for place in range(5):
            recognizer.process(Frame(place_image(place), place * SECOND, 'camera'))
    before = source.read_bytes()
    with start(mode='localization', map_path=str(source), image_transport='compressed') as client:
        for place in (3, 1, 77):
            message = CompressedImage(format='png')
            message.header.stamp = stamp_to_message(client.advance(1.0))
            message.data = cv2.imencode('.png', place_image(place)[..., ::-1])[1].tobytes()
            answer = client.send(message, 'image/compressed')
            assert not answer.added_to_map and answer.query_id == 0
            if place < 5:
                assert answer.reason == Recognition.ACCEPTED, answer.reason_text
                assert answer.matches[0].place_id == place + 1
        assert client.stop() == 0
    assert source.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ['site.vprmap']
