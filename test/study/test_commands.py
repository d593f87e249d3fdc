# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The verbs study, compare and results, on a small data set and real results."""

from __future__ import annotations

import csv
from html.parser import HTMLParser
from itertools import pairwise
import json
from pathlib import Path

import cv2
from helpers import place_image, tiny_model
import pytest

from vpr_ros.cli.main import main
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.study.compare import compare_results, sentence_of
from vpr_ros.study.sequences import measure_sequences, ways

PLACES = 24


@pytest.fixture(scope='module')
def scene(tmp_path_factory) -> tuple[Path, Path]:
    """Make (data set of a drive and a darker one, model)."""
    folder = tmp_path_factory.mktemp('scene')
    data = folder / 'data'
    for part in ('database', 'queries'):
        (data / part).mkdir(parents=True)
        for number in range(PLACES):
            image = place_image(number)
            if part == 'queries':
                image = (image * 0.7 + place_image(number + 500) * 0.25).astype('uint8')
            cv2.imwrite(str(data / part / f'{number:03}.png'), image)
    with (data / 'ground_truth.csv').open('w', newline='') as stream:
        writer = csv.writer(stream)
        writer.writerow(['query', 'correct_database'])
        writer.writerows([f'{n:03}.png'] * 2 for n in range(PLACES))
    return data, tiny_model(folder)


class Page(HTMLParser):
    """Counts elements; any address that is not in the page is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, int] = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found[tag] = self.found.get(tag, 0) + 1
        for name, value in attrs:
            assert name not in ('src', 'href') or value.startswith('data:')


def test_a_study_measures_prints_draws_and_goes_on(scene, tmp_path, capsys):
    data, model = scene
    config, out = tmp_path / 'mine.yaml', tmp_path / 'out'
    config.write_text(
        f'datasets: {{small: {data}}}\n'
        f'grid: {{model: ["{model}", thumbnail], index: [exact, sq8], dimension: [card, 8], '
        f'rerank: [none, robot]}}\n'
        f'scaling: {{places: [100, 300], dimension: 16, queries: 5, index: [exact, ivf]}}\n'
        f'sequences: {{model: ["{model}"]}}\n')
    assert main(['study', str(config), '--out', str(out), '--json', str(tmp_path / 'r.json')]) == 0
    printed = capsys.readouterr().out
    assert 'small: 24 queries in 24 places' in printed
    assert 'backward: SeqSLAM' in printed
    assert 'has no patches to re-rank with' in printed
    result = json.loads((tmp_path / 'r.json').read_text())
    grid = [cell for cell in result['grid'] if 'skipped' not in cell]
    assert len(grid) == 8
    assert all(cell['recall']['1'] > 0.9 for cell in grid if cell['dimension'] == 'card'
               and cell['index'] == 'exact' and 'tiny' in cell['model'])
    assert {cell['descriptor'] for cell in grid} == {144, 2048, 8}
    assert all(cell['about']['versions']['vpr_ros'] for cell in grid)
    page = Page((out / 'study.html').read_text())
    assert page.found['svg'] >= 4
    assert 'script' not in page.found

    def written() -> dict[Path, int]:  # what could not be measured is tried again each time
        return {path: path.stat().st_mtime_ns for path in sorted((out / 'cells').iterdir())
                if '"skipped"' not in path.read_text()}

    before = written()
    assert len(before) == 8 + 4 + 1
    assert main(['study', str(config), '--out', str(out)]) == 0
    assert written() == before
    next(path for path in before if path.name.startswith('grid_')).unlink()
    assert main(['study', str(config), '--out', str(out)]) == 0
    after = written()
    assert after.keys() == before.keys()
    assert sum(after[path] != before[path] for path in after) == 1


def test_several_processes_give_the_same_recalls(scene, tmp_path, capsys):
    data, model = scene
    recalls = []
    for processes in (1, 2):
        config = tmp_path / f'{processes}.yaml'
        config.write_text(f'datasets: {{small: {data}}}\nprocesses: {processes}\n'
                          f'grid: {{model: ["{model}", thumbnail]}}\n')
        arguments = ['study', str(config), '--out', str(tmp_path / f'out{processes}')]
        assert main([*arguments, '--json', str(tmp_path / 'r.json')]) == 0
        cells = json.loads((tmp_path / 'r.json').read_text())['grid']
        recalls.append([cell['recall'] for cell in cells])
        assert cells[0]['about']['processes'] == processes
    assert recalls[0] == recalls[1]


def test_ways_hold_every_image_and_change_speed():
    for name, seen in ways(100).items():
        assert set(seen) <= set(range(100))
        steps = {b - a for a, b in pairwise(seen)}
        assert steps == {'forward': {1}, 'backward': {-1}, 'varying speed': {0, 1, 2},
                         'stops': {0, 1}}[name]


def test_ours_follows_the_drive_backwards_where_seqslam_cannot(scene):
    data, model = scene
    answer = measure_sequences(load_dataset(data), {
        'model': str(model), 'window_frames': 6, 'window_m': 10.0})
    backward = answer['ways']['backward']
    assert backward['ours']['recall'] > 0.9
    assert backward['SeqSLAM']['recall'] < backward['ours']['recall']
    assert answer['ways']['forward']['SeqSLAM']['recall'] > 0.7


def results(scene, tmp_path) -> list[Path]:
    data, model = scene
    files = []
    for name, chosen in (('mean', str(model)), ('small', 'thumbnail')):
        files.append(tmp_path / f'{name}.json')
        assert main(['evaluate', str(data), '--model', chosen, '--json', str(files[-1])]) == 0
    return files


def test_compare_prints_figures_and_a_paired_test(scene, tmp_path, capsys):
    files = results(scene, tmp_path)
    capsys.readouterr()
    assert main(['compare', *map(str, files), '--report', str(tmp_path / 'c')]) == 0
    printed = capsys.readouterr().out
    assert 'small against mean:' in printed
    assert 'R@1 %' in printed
    assert 'McNemar' in printed
    page = Page((tmp_path / 'c' / 'compare.html').read_text())
    assert page.found['table'] == 2


def made(right: list[bool], kind: str = 'evaluation', offset: int = 0) -> dict:
    rows = [{'query': f'q{i + offset}', 'correct': r} for i, r in enumerate(right)]
    return {'format': 1, 'kind': kind, 'dataset': 'd', 'model': 'm', 'rerank': 'none',
            'queries': len(right), 'recall': {}, 'recall_interval_95': {},
            'precision_recall': {}, 'calibration': {}, 'latency_ms': {}, 'results': rows}


def test_a_real_difference_is_called_real_and_chance_is_not():
    weak, strong = made([True] * 10 + [False] * 20), made([True] * 30)
    _, _, (test,) = compare_results({'weak': weak, 'strong': strong})
    assert (test['only_first'], test['only_this'], test['p_value']) == (0, 20, 2 * 0.5**20)
    assert 'strong is better' in sentence_of(test)
    other = made([False] + [True] * 10 + [False] * 19)
    _, _, (test,) = compare_results({'weak': weak, 'other': other})
    assert test['p_value'] == 1.0
    assert 'no difference is shown' in sentence_of(test)


def test_only_shared_queries_count_and_are_counted():
    _, _, (test,) = compare_results({'a': made([True] * 5), 'b': made([True] * 5, offset=3)})
    assert (test['queries'], test['left_out']) == (2, 6)
    assert '6 queries are in one of the files only' in sentence_of(test)


@pytest.mark.parametrize(('texts', 'sentence'), [
    (['{}'], 'no result of vpr evaluate'),
    (['{"kind": "evaluation", "format": 9}'], 'has format 9'),
    (['{"kind": "evaluation", "format": 1}'], 'lacks what its kind holds'),
    (['nonsense'], 'is no valid JSON'),
    ([json.dumps(made([True]))], 'name at least two'),
    ([json.dumps(made([True])), json.dumps(made([True], offset=9))], 'no query in common'),
])
def test_files_that_cannot_be_compared_are_named(tmp_path, capsys, texts, sentence):
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f'{number}.json')
        files[-1].write_text(text)
    assert main(['compare', *map(str, files)]) == 1
    assert sentence in capsys.readouterr().err


def test_results_are_printed_kept_and_printed_again(scene, tmp_path, capsys):
    data, model = scene
    laps = tmp_path / 'laps'
    (laps / 'frames').mkdir(parents=True)
    for number in range(2 * PLACES):
        name = laps / 'frames' / f'{number:03}.png'
        cv2.imwrite(str(name), place_image(number % PLACES))
    with (laps / 'laps.csv').open('w', newline='') as stream:
        writer = csv.writer(stream)
        writer.writerow(['frame', 'lap', 'lap1_equivalent_frame'])
        writer.writerows([f'{n:03}.png', 1 + n // PLACES, n % PLACES] for n in range(2 * PLACES))
    with (laps / 'ground_truth.csv').open('w', newline='') as stream:
        writer = csv.writer(stream)
        writer.writerow(['query', 'correct_database'])
        writer.writerows([f'{n + PLACES:03}.png', f'{n:03}.png'] for n in range(PLACES))
    arguments = ['results', str(data), str(laps), '--models', str(model), '--cache',
                 str(tmp_path / 'cache'), '--out', str(tmp_path / 'page.md'),
                 '--command', 'make the page']
    assert main(arguments) == 0
    page = (tmp_path / 'page.md').read_text()
    assert page in capsys.readouterr().out
    assert '## data: 24 queries, 24 database images' in page
    assert '## Drive laps' in page
    assert 'make the page' in page
    cells = {path: path.stat().st_mtime_ns for path in (tmp_path / 'cache/cells').iterdir()}
    assert len(cells) == 4  # two data sets, a drive with sequences and without
    assert main(arguments) == 0
    assert (tmp_path / 'page.md').read_text() == page
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / 'cache/cells').iterdir()} == cells

    assert main([*arguments, '--rate', '20']) == 0  # another drive: sequences pass faster
    new = [p for p in (tmp_path / 'cache/cells').iterdir() if p not in cells]
    marks = [json.loads(p.read_text())['question']['data'] for p in new]
    assert [mark[-5:] for mark in marks] == ['20 Hz', '20 Hz']

    (tmp_path / 'more.md').write_text('# More\n\n```\n# a comment\n```\n\n## Still more\n')
    assert main([*arguments, '--append', str(tmp_path / 'more.md')]) == 0
    longer = (tmp_path / 'page.md').read_text()
    assert longer == page + '\n## More\n\n```\n# a comment\n```\n\n### Still more\n'
    assert main([*arguments, '--append', str(tmp_path / 'none.md')]) == 1
    assert 'none.md cannot be read' in capsys.readouterr().err


def test_results_need_something_to_measure(capsys):
    assert main(['results']) == 1
    assert 'nothing to measure' in capsys.readouterr().err
    assert main(['results', '--drives', 'hail']) == 1
    assert "'hail' is not one of" in capsys.readouterr().err
