# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The ``vpr`` command: every verb's help, real work with a tiny model, errors in one sentence."""

from __future__ import annotations

import json

import cv2
from helpers import place_image, tiny_model
import pytest

from vpr_ros.bags import BagReader
from vpr_ros.cli.main import main, verbs

LAP = 12


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """Make a model, a folder with two laps of images, and the bag of them."""
    folder = tmp_path_factory.mktemp('site')
    model = tiny_model(folder)
    images = folder / 'images'
    images.mkdir()
    for step in range(2 * LAP):
        picture = cv2.cvtColor(place_image(step % LAP), cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(images / f'{step}.png'), picture)
    bag = folder / 'drive'
    assert main(['bag', 'from-images', str(images), '--rate', '1', '--out', str(bag)]) == 0
    return {'folder': folder, 'model': str(model), 'images': images, 'bag': bag}


def _run(capsys, *words):
    """Run ``vpr WORDS``; returns (status, standard output, standard error)."""
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize('verb', verbs(), ids=lambda verb: ' '.join(verb.words))
def test_every_verb_has_help_with_an_example(verb, capsys):
    with pytest.raises(SystemExit) as end:
        main([*verb.words, '--help'])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert 'example:' in text
    assert f'vpr {" ".join(verb.words)}' in text


def test_usage_errors_exit_with_2(capsys):
    for words in ([], ['nonsense'], ['map'], ['map', 'build']):
        with pytest.raises(SystemExit) as end:
            main(words)
        assert end.value.code == 2
    capsys.readouterr()


def test_map_build_info_check_merge(site, tmp_path, capsys):
    one, two, both = tmp_path / 'one.vprmap', tmp_path / 'two.vprmap', tmp_path / 'both.vprmap'
    report = tmp_path / 'info.json'
    status, out, _ = _run(capsys, 'map', 'build', site['bag'], '--out', one, '--model',
                          site['model'], '--json', report)
    assert status == 0
    assert f'{2 * LAP} places in 1 session' in out
    assert json.loads(report.read_text())['places'] == 2 * LAP
    assert _run(capsys, 'map', 'build', site['images'], '--out', two, '--model', site['model'],
                '--set', 'keyframe_interval_s=0.1')[0] == 0
    assert 'no problem found' in _run(capsys, 'map', 'check', one)[1]
    status, out, _ = _run(capsys, 'map', 'merge', one, two, '--out', both)
    assert status == 0
    status, out, _ = _run(capsys, 'map', 'info', both)
    assert '2 sessions' in out
    assert 'drive' in out
    assert 'bytes/place' in out


def test_a_map_of_a_data_set_holds_its_database(site, tmp_path, capsys):
    (tmp_path / 'data' / 'database').mkdir(parents=True)
    (tmp_path / 'data' / 'queries').mkdir()
    for kind, places in (('database', range(5)), ('queries', range(5, 7))):
        for place in places:
            cv2.imwrite(str(tmp_path / 'data' / kind / f'{place}.png'), place_image(place))
    status, out, _ = _run(capsys, 'map', 'build', tmp_path / 'data', '--out',
                          tmp_path / 'site.vprmap', '--model', site['model'], '--set',
                          'keyframe_interval_s=0')
    assert status == 0
    assert '5 places in 1 session' in out


def test_building_onto_an_existing_map_is_refused(site, tmp_path, capsys):
    out = tmp_path / 'site.vprmap'
    out.write_bytes(b'precious')
    status, _, error = _run(capsys, 'map', 'build', site['bag'], '--out', out, '--model',
                            site['model'])
    assert status == 1
    assert 'exists; choose another name' in error
    assert out.read_bytes() == b'precious'
    assert [p.name for p in tmp_path.iterdir()] == ['site.vprmap']


def test_replay_scores_against_a_file(site, tmp_path, capsys):
    truth, result = tmp_path / 'laps.csv', tmp_path / 'result.json'
    rows = [f'{i},{i % LAP}' for i in range(2 * LAP)]
    truth.write_text('frame,lap1_equivalent_frame\n' + '\n'.join(rows) + '\n')
    status, out, _ = _run(
        capsys, 'replay', site['bag'], '--model', site['model'], '--ground-truth', truth,
        '--tolerance-frames', '1', '--json', result, '--report', tmp_path / 'report',
        '--set', 'recent_time_s=8', '--set', 'sequence_window_s=4', '--set', 'neighbourhood_s=1',
        '--set', 'min_probability=0.5')
    assert status == 0
    figures = json.loads(result.read_text())
    assert figures['loop_closures']['false'] == 0
    assert figures['loop_closures']['true'] >= 0.6 * LAP
    assert figures['loop_closures']['precision'] == 1.0
    assert 'true, 0 false' in out
    assert (tmp_path / 'report' / 'report.html').is_file()


def test_replay_takes_one_frame_of_every_few(site, tmp_path, capsys):
    result, poses = tmp_path / 'result.json', tmp_path / 'poses.csv'
    assert _run(capsys, 'replay', site['bag'], '--model', site['model'], '--every', '3',
                '--odometry-topic', '', '--json', result)[0] == 0
    assert json.loads(result.read_text())['frames'] == -(-2 * LAP // 3)
    poses.write_text('frame,lap1_equivalent_frame\n0,0\n')
    for source, words, says in (
            ('bag', ('--every', '0'), 'expected 1 or more'),
            ('bag', ('--every', '2', '--node'), 'and 1 with --node'),
            ('images', ('--every', '2', '--ground-truth', poses), 'numbers the frames')):
        status, _, error = _run(capsys, 'replay', site[source], '--model', site['model'], *words)
        assert status == 1
        assert says in error


def test_replay_localises_in_a_stored_map(site, tmp_path, capsys):
    built, result = tmp_path / 'site.vprmap', tmp_path / 'result.json'
    assert _run(capsys, 'map', 'build', site['bag'], '--out', built, '--model', site['model'],
                '--set', 'recent_time_s=100')[0] == 0
    before = built.read_bytes()
    assert _run(capsys, 'replay', site['bag'], '--map', built, '--model', site['model'], '--set',
                'min_probability=0.2', '--json', result)[0] == 0
    assert json.loads(result.read_text())['keyframes'] == 2 * LAP
    assert built.read_bytes() == before


def test_a_bag_of_two_laps_through_a_town(tmp_path, capsys):
    bag, report = tmp_path / 'drive', tmp_path / 'bag.json'
    words = ('bag', 'from-world', '--town', '3', '--second', 'snow', '--rate', '0.2', '--out', bag)
    status, out, _ = _run(capsys, *words, '--json', report)
    assert status == 0
    assert 'town 3, day then snow' in out
    with BagReader(bag) as reader:
        assert reader.image_count == json.loads(report.read_text())['frames'] > 10
        assert '/ground_truth/pose' in {topic.name for topic in reader.topics()}
    status, _, error = _run(capsys, *words)
    assert status == 1
    assert 'or add --overwrite' in error
    assert _run(capsys, *words, '--overwrite')[0] == 0
    (tmp_path / 'precious').mkdir()
    status, _, error = _run(capsys, 'bag', 'from-world', '--out', tmp_path / 'precious',
                            '--overwrite')
    assert status == 1
    assert 'it is no bag' in error


def test_evaluate_writes_the_binding_form(site, tmp_path, capsys):
    data, result = tmp_path / 'data', tmp_path / 'result.json'
    for kind, offset in (('database', 0), ('queries', 1)):
        (data / kind).mkdir(parents=True)
        for place in range(LAP):
            picture = cv2.add(place_image(place), (offset, offset, offset, 0))
            cv2.imwrite(str(data / kind / f'{place}.png'), picture)
    rows = [f'{place}.png,{place}.png' for place in range(LAP)]
    (data / 'ground_truth.csv').write_text('query,correct_database\n' + '\n'.join(rows) + '\n')
    words = ('evaluate', data, '--model', site['model'], '--cache', tmp_path / 'cache', '--json',
             result)
    status, out, _ = _run(capsys, *words)
    assert status == 0
    assert 'in the cache' not in out
    assert '24 of 24 descriptors were in the cache' in _run(capsys, *words)[1]
    out = _run(capsys, *words, '--no-cache')[1]
    assert 'in the cache' not in out
    figures = json.loads(result.read_text())
    assert figures['queries'] == LAP
    assert figures['recall']['1'] == 1.0
    assert set(figures['recall']) == {'1', '5', '10', '20'}
    assert set(figures['precision_recall']) >= {'auc', 'recall_at_100_precision'}
    assert set(figures['latency_ms']['describe']) >= {'p50', 'p99'}
    assert 'R@1 1.000' in out
    out = _run(capsys, *words, '--no-cache', '--rerank', 'robot', '--model', 'thumbnail')[1]
    assert 'model thumbnail gives no patches: matches stay in the order of the search' in out
    status, _, error = _run(capsys, *words, '--query-handling', 'five_crops', '--rerank', 'robot')
    assert status == 1
    assert 'set --rerank none' in error


def test_model_verbs(site, capsys):
    assert _run(capsys, 'model', 'list')[0] == 0
    status, out, _ = _run(capsys, 'model', 'info', site['model'])
    assert status == 0
    assert json.loads(out)['name'] == 'tiny'
    status, out, _ = _run(capsys, 'model', 'check', site['model'])
    assert status == 0
    assert 'ms per image on CPUExecutionProvider' in out


def test_doctor_says_what_is_wrong_and_how_to_mend_it(site, tmp_path, capsys):
    good = _run(capsys, 'doctor', '--no-graph', '--model', site['model'])
    assert '[ ok ] model' in good[1]
    report = tmp_path / 'doctor.json'
    status, out, error = _run(capsys, 'doctor', '--no-graph', '--model', site['model'], '--map',
                              tmp_path / 'missing.vprmap', '--json', report)
    assert status == 1
    assert '[FAIL] map' in out
    assert 'checks failed' in error
    levels = {f['subject']: f['level'] for f in json.loads(report.read_text())['findings']}
    assert levels['map'] == 'error'


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['map', 'info', 'missing.vprmap'], 'missing.vprmap'),
        (['evaluate', 'missing'], 'missing'),
        (['replay', 'missing'], 'missing'),
        (['calibrate', 'missing.json', '--out', 'c.json'], 'missing.json cannot be read'),
        (['model', 'info', 'nonesuch'], "no model named 'nonesuch'"),
        (['bag', 'from-images', 'missing', '--out', 'b'], 'missing'),
        (['replay', '.', '--set', 'min_probability=2'], 'expected 0 to 1'),
        (['replay', '.', '--set', 'nonsense=2'], "unknown parameter 'nonsense'"),
        (['replay', '.', '--set', 'min_probability'], 'has no value; expected NAME=VALUE'),
        (['replay', '.', '--set', 'min_probability=['], 'is no valid YAML'),
        (['doctor', '--no-graph', '--set', 'mode'], 'has no value; expected NAME=VALUE'),
        (['replay', '.', '--jobs', '-2'], '--jobs -2 found, expected 0 or more'),
        (['replay', '.', '--animation', 'x.txt'], 'end its name with .webp'),
        (['demo', '--bag', 'missing'], 'bag missing does not exist'),
        (['bench', '--only-node', '--seconds', '0'], 'nothing to measure'),
    ],
)
def test_known_errors_are_one_sentence(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, _, error = _run(capsys, *words)
    assert status == 1
    assert said in error
    assert len(error.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
