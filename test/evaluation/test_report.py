# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page is one file, asks for nothing, and works in a real browser."""

from __future__ import annotations

from dataclasses import replace
import json
import re

from evaluation.browser import Browser
from evaluation.scenes import two_laps, write
from helpers import place_image
import pytest

from vpr_ros.assembly import open_recognizer
from vpr_ros.errors import DataError
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.evaluate import evaluate
from vpr_ros.evaluation.ground_truth_files import ground_truth_of_poses
from vpr_ros.evaluation.replay import replay
from vpr_ros.evaluation.report import write_report
from vpr_ros.evaluation.report.page import embed, number, percent, table
from vpr_ros.settings import Settings

# gates that let a few wrong matches through, so that every kind of loop is on the page
SETTINGS = Settings(recent_distance_m=10.0, min_probability=0.2, min_sequence_support=0.0)


@pytest.fixture(scope='module')
def drive(model):
    frames = two_laps()
    # three frames of the second lap show a place that is elsewhere
    for row, other in ((30, 40), (31, 41), (36, 45)):
        frames[row] = replace(frames[row], image=frames[other].image)
    truth = ground_truth_of_poses([(f.stamp_ns, f.pose) for f in frames], radius_m=2.5)
    return replay(frames, open_recognizer(SETTINGS, model=model), truth, bag='two <laps> & more')


@pytest.fixture(scope='module')
def evaluation(folder, model):
    return evaluate(load_dataset(folder), model, Settings())


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found
    return json.loads(found.group(1))


def test_the_page_holds_everything_and_asks_for_nothing(drive, tmp_path) -> None:
    page = write_report(drive, tmp_path / 'new' / 'folder').read_text()
    addresses = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([a-z]+:[^"\')\s]*)', page)
    assert addresses
    assert all(address.startswith('data:') for address in addresses)
    assert "default-src 'none'" in page
    assert 'two &lt;laps&gt; &amp; more' in page
    assert '<laps>' not in page


def test_the_page_shows_every_verdict_with_its_pictures(drive, tmp_path) -> None:
    data = data_of(write_report(drive, tmp_path).read_text())
    closures = drive.to_json()['loop_closures']
    assert closures['false'] > 0
    kinds = [item['kind'] for item in data['items']]
    assert kinds.count('true loop') == closures['true']
    assert kinds.count('false loop') == closures['false']
    assert kinds.count('missed') == closures['missed']
    for item in data['items']:
        assert all(picture['key'] in data['pictures'] for picture in item['pictures'])
        assert len(item['pictures']) >= 2
        assert dict(item['rows'])['decision']
    assert data['items'][data['first']]['tone'] == 'bad'
    assert data['route']['line']


def test_without_ground_truth_and_positions_time_takes_their_place(model, tmp_path) -> None:
    settings = SETTINGS.replace(recent_time_s=8.0)
    result = replay(two_laps(poses=False), open_recognizer(settings, model=model), None)
    data = data_of(write_report(result, tmp_path).read_text())
    assert data['route']['arcs'] is True
    assert {item['kind'] for item in data['items']} == {'loop closure'}
    assert 'curve' not in data


def test_an_empty_drive_has_a_page_too(model, tmp_path) -> None:
    result = replay([], open_recognizer(SETTINGS, model=model), None)
    assert data_of(write_report(result, tmp_path).read_text())['items'] == []


def test_the_page_of_a_data_set(evaluation, tmp_path) -> None:
    data = data_of(write_report(evaluation, tmp_path).read_text())
    assert len(data['items']) == 9
    assert data['items'][8]['kind'] == 'no right answer exists'
    assert data['route'] is None  # no positions, so the queries are squares
    assert data['curve']['recall']


def test_a_page_that_cannot_be_written(evaluation, tmp_path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(DataError, match='cannot be written'):
        write_report(evaluation, tmp_path / 'file')


@pytest.mark.parametrize('value', ['</script><script>', '<!--', 'a & b', '\u2028'])
def test_no_string_can_end_the_data(value: str) -> None:
    text = embed({value: [value, float('nan')]})
    assert '<' not in text
    assert json.loads(text) == {value: [value, None]}


def test_numbers_do_not_flatter() -> None:
    assert percent(0.99996) == '99.9 %'
    assert percent(1.0) == '100.0 %'
    assert percent(None) == number(None) == '–'
    assert '&lt;b&gt;' in table(('a',), [('<b>',)])


@pytest.fixture(scope='module')
def browser():
    with Browser() as opened:
        yield opened


@pytest.mark.parametrize(('width', 'dark'), [(360, True), (1280, False)])
def test_a_browser_loads_a_drive_without_complaint(
    browser, drive, tmp_path, width: int, dark: bool
) -> None:
    browser.load(write_report(drive, tmp_path), width=width, dark=dark)
    assert browser.console() == []
    assert browser.run('return document.documentElement.scrollWidth') <= width
    paper = browser.run('return getComputedStyle(document.body).backgroundColor')
    assert (int(re.findall(r'\d+', paper)[0]) < 100) is dark


def test_choosing_a_loop_shows_its_pair(browser, drive, tmp_path) -> None:
    browser.load(write_report(drive, tmp_path))
    index = browser.run("return DATA.items.findIndex((item) => item.kind === 'true loop')")
    browser.run(f"document.querySelector(`.loop[data-item='{index}']`)"
                ".dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    shown = browser.run(
        "return [...document.querySelectorAll('#detail img')].map((i) => "
        '[i.src, i.complete && i.naturalWidth > 0])')
    expected = browser.run(f'return DATA.items[{index}].pictures.map((p) => DATA.pictures[p.key])')
    assert [source for source, _ in shown] == expected
    assert len(shown) == 2
    assert all(drawn for _, drawn in shown)
    assert 'true loop' in browser.run("return document.getElementById('detail').textContent")
    browser.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight'}))")
    assert f'{index + 2} of' in browser.run("return document.getElementById('detail').textContent")
    assert browser.console() == []


def test_the_legend_hides_a_kind_and_cards_lead_to_their_loop(browser, drive, tmp_path) -> None:
    browser.load(write_report(drive, tmp_path))
    browser.run("[...document.querySelectorAll('#legend button')]"
                ".find((b) => b.textContent.startsWith('true')).click()")
    visible = browser.run("return [...document.querySelectorAll('#map [data-item]')]"
                          ".filter((e) => e.style.display !== 'none').map((e) => e.dataset.kind)")
    assert visible
    assert 'true loop' not in visible
    card = browser.run("return document.querySelector('.card p').textContent")
    browser.run("document.querySelector('.card').click()")
    assert card.split(',')[0].removeprefix('query at ') in browser.run(
        "return document.getElementById('detail').textContent")


def test_a_browser_loads_a_data_set_without_complaint(browser, evaluation, tmp_path) -> None:
    browser.load(write_report(evaluation, tmp_path), width=390)
    browser.run("document.querySelectorAll('.strip button')[3].click()")
    assert '4 of 9' in browser.run("return document.getElementById('detail').textContent")
    assert browser.console() == []


@pytest.mark.parametrize('width', [360, 1280])
def test_band_and_matrix_are_drawn_and_can_be_read(browser, drive, tmp_path, width) -> None:
    browser.load(write_report(drive, tmp_path), width=width)
    assert len(browser.run("return document.querySelector('#curve .band').getAttribute('d')")) > 50
    drawn = browser.run("""const canvas = document.querySelector('#matrix canvas');
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        const at = (row, column) => data[4 * (row * canvas.width + column) + 1];
        return [canvas.width, canvas.height, at(3, 3), at(3, 3 + 24), at(3, 11)]""")
    assert drawn[:2] == [48, 48]
    same, again, other = drawn[2:]
    assert same > other
    assert again > other  # the second lap is the other bright line
    browser.run("""const canvas = document.querySelector('#matrix canvas');
        const box = canvas.getBoundingClientRect();
        canvas.dispatchEvent(new PointerEvent('pointermove', {
            clientX: box.left + 4.5 * box.width / 48,
            clientY: box.top + 2.5 * box.height / 48}))""")
    said = browser.run("return document.querySelector('#matrix .note').textContent")
    assert said.startswith('keyframe 3 and keyframe 5: ')
    assert browser.console() == []


def test_tables_of_a_drive_and_of_conditions(drive, model, tmp_path) -> None:
    page = write_report(drive, tmp_path).read_text()
    for row in drive.to_json()['by_distance']:
        assert f'<td class="n">{row["revisits"]}</td>' in page
    assert 'By change of heading' in page
    assert 'Located by the recognised place' in page
    parts = tmp_path / 'long'
    for part in ('database', 'queries/day', 'queries/night'):
        (parts / part).mkdir(parents=True)
        for place in range(4):
            name = f'@{500000 + 40 * place}@4000000@54@S@35@139@{"p" * 40}@0@90@.png'
            write(parts / part / name, place_image(place))
    result = evaluate(load_dataset(parts), model, Settings())
    page = write_report(result, tmp_path).read_text()
    assert 'By condition' in page
    assert re.search(r'<td class="v">night</td><td class="n">4</td>', page)
    assert not any(len(item['title']) > 120 for item in data_of(page)['items'])


def test_long_names_do_not_widen_the_page(browser, model, tmp_path) -> None:
    for part in ('database', 'queries'):
        (tmp_path / part).mkdir()
        for place in range(4):
            write(tmp_path / part / f'@{500000 + 40 * place}@4000000@{"p" * 90}@.png',
                  place_image(place))
    result = evaluate(load_dataset(tmp_path), model, Settings())
    browser.load(write_report(result, tmp_path / 'report'), width=360)
    assert browser.run('return document.documentElement.scrollWidth') <= 360
