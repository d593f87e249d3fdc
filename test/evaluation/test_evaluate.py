# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Evaluation with a real model and map: right on a small data set, and as its oracle says."""

from __future__ import annotations

from dataclasses import replace
import json

from evaluation.scenes import seen_again, write
from helpers import place_image
import numpy as np
import pytest

from vpr_ros.errors import DataError, ImageError
from vpr_ros.evaluation.calibrate import samples_of_file
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.evaluation.descriptor_cache import DescriptorCache
from vpr_ros.evaluation.evaluate import evaluate
from vpr_ros.evaluation.image_files import read_image
from vpr_ros.evaluation.query_handling import HANDLINGS, query_images
from vpr_ros.settings import Settings


def test_the_json_is_what_is_promised(folder, model, tmp_path) -> None:
    calls: list[tuple] = []
    result = evaluate(load_dataset(folder), model, Settings(),
                      progress=lambda *call: calls.append(call)).to_json()
    path = tmp_path / 'result.json'
    path.write_text(json.dumps(result, allow_nan=False))
    result = json.loads(path.read_text())
    assert (result['format'], result['kind'], result['dataset']) == (1, 'evaluation', folder.name)
    assert (result['model'], result['rerank']) == ('tiny', 'none')
    assert (result['queries'], result['answerable'], result['database']) == (9, 8, 10)
    assert result['recall'] == {n: pytest.approx(8 / 9) for n in ('1', '5', '10', '20')}
    assert result['recall_answerable']['1'] == 1.0
    assert result['precision_recall']['recall_at_100_precision'] == 1.0
    assert result['precision_recall']['auc'] == pytest.approx(1.0)
    low, high = result['recall_interval_95']['1']
    assert low <= 8 / 9 <= high
    assert {'describe', 'search', 'total'} <= set(result['latency_ms'])
    assert set(result['latency_ms']['total']) == {'p50', 'p99', 'mean', 'max'}
    assert [sample['true'] for sample in samples_of_file(path)] == [True] * 8 + [False]
    assert result['about']['model']['sha256'] == model.card.sha256
    assert calls[-1][:2] == (19, 19)


def test_the_ranking_is_that_of_centred_descriptors(folder, model) -> None:
    """Oracle: cosines after subtracting what the map subtracts, by the map's own statistics."""
    dataset = load_dataset(folder)
    outcome = evaluate(dataset, model, Settings()).outcomes[0]
    assert outcome.matches[0][0] == 0
    similarities = [match.similarity for _, match in outcome.matches]
    assert similarities == sorted(similarities, reverse=True)
    query = model.describe(read_image(dataset.queries[0].path)).global_descriptor
    plain = [float(query @ model.describe(read_image(i.path)).global_descriptor)
             for i in dataset.database]
    assert int(np.argmax(plain)) == outcome.matches[0][0]


def test_ignored_images_are_neither_right_nor_wrong(folder, model) -> None:
    dataset = load_dataset(folder)
    # the right image of query 0 becomes ambiguous and another one right
    positives = (np.array([9]), *dataset.positives[1:])
    ignored = (np.array([0]), *dataset.ignored[1:])
    outcome = evaluate(replace(dataset, positives=positives, ignored=ignored), model,
                       Settings()).outcomes[0]
    assert all(index != 0 for index, _ in outcome.matches)
    assert 1 <= outcome.rank <= 9
    assert outcome.expected == 9


def test_positions_make_the_neighbourhood_and_conditions_a_table(tmp_path, model) -> None:
    for number in range(4):
        write_at(tmp_path / 'database', number, 40.0 * number)
        write_at(tmp_path / 'queries', number, 40.0 * number + 10)
    dataset = load_dataset(tmp_path)
    dataset = replace(dataset, queries=tuple(
        replace(q, condition='day' if i < 3 else 'night') for i, q in enumerate(dataset.queries)))
    result = evaluate(dataset, model, Settings())
    figures = result.to_json()
    assert figures['radius_m'] == 25.0
    assert figures['recall']['1'] == 1.0
    assert figures['conditions']['night']['queries'] == 1
    best = result.outcomes[0].matches[0][1]
    # the nearest rival is another place, not the end of the list
    assert -1 < best.outside_similarity < best.similarity


def write_at(folder, number: int, east: float) -> None:
    folder.mkdir(exist_ok=True)
    write(folder / f'@{500000 + east}@4000000@{number}@.png', seen_again(number))


def test_a_damaged_image_is_named(folder, model, tmp_path) -> None:
    dataset = load_dataset(folder)
    (tmp_path / 'bad.jpg').write_bytes(b'no image')
    (tmp_path / 'bad.bmp').write_bytes(b'')
    for name in ('bad.jpg', 'bad.bmp', 'missing.jpg'):
        broken = replace(dataset.queries[0], path=tmp_path / name)
        with pytest.raises(ImageError, match=name):
            evaluate(replace(dataset, queries=(broken,)), model, Settings())


def tall(number: int) -> np.ndarray:
    """Place ``number`` in the middle of an image twice as high as the model's input is."""
    image = np.full((192, 128, 3), 127, np.uint8)
    image[48:144] = seen_again(number)
    return image


@pytest.fixture(scope='module')
def portraits(tmp_path_factory):
    """Six places as the model takes them, asked for by portraits with night and day."""
    path = tmp_path_factory.mktemp('portraits')
    for number in range(6):
        east = 500000 + 10 * number
        for part, note, image in (('database', '', place_image(number)),
                                  ('queries', 'night' if number < 2 else 'day', tall(number))):
            (path / part).mkdir(exist_ok=True)
            heading = 90 if part == 'database' else 90 + 4 * number
            name = f'@{east}@4000000@54@S@35@139@p@0@{heading}@0@0@2@2020@{note}@.png'
            write(path / part / name, image)
    return path


@pytest.mark.parametrize('handling', HANDLINGS)
def test_every_query_handling(portraits, model, handling: str) -> None:
    dataset = load_dataset(portraits, radius_m=5.0)
    if handling == 'single_query':
        with pytest.raises(ImageError, match='exactly 64x48'):
            evaluate(dataset, model, Settings(), query_handling=handling)
        return
    result = evaluate(dataset, model, Settings(), query_handling=handling)
    figures = result.to_json()
    assert figures['query_handling'] == handling
    if handling != 'hard_resize':  # that squeezes a query to half its height
        assert figures['recall']['1'] >= 5 / 6
    assert {'describe', 'search', 'decide', 'total'} == set(figures['latency_ms'])
    stages = figures['latency_ms']
    assert stages['total']['mean'] >= stages['describe']['mean'] > 0
    assert set(figures['conditions']) == {'night', 'day'}
    assert figures['conditions']['night']['queries'] == 2
    assert figures['conditions']['day']['recall']['20'] == 1.0


def test_crops_are_merged_as_by_an_explicit_search(portraits, model) -> None:
    """Oracle: cosines of all crops with all places, each place by its best crop."""
    dataset = load_dataset(portraits, radius_m=5.0)
    result = evaluate(dataset, model, Settings(), query_handling='nearest_crop')
    card, places = model.card, [model.describe(read_image(i.path)).global_descriptor
                                for i in dataset.database]
    for query, outcome in zip(dataset.queries, result.outcomes, strict=True):
        crops = query_images(read_image(query.path), 'five_crops', card.height, card.width)
        described = [model.describe(crop).global_descriptor for crop in crops]
        best = [max(float(d @ p) for d in described) for p in places]
        assert outcome.matches[0][0] == int(np.argmax(best))


def test_poses_are_taken_over(portraits, model) -> None:
    result = evaluate(load_dataset(portraits, radius_m=5.0), model, Settings(),
                      query_handling='central_crop')
    located = result.to_json()['localisation']
    assert located['queries'] == 6
    # all right, so only the headings differ: 0, 4, 8 ... 20 degrees
    assert [row['share'] for row in located['within']] == pytest.approx([1 / 6, 2 / 6, 3 / 6])
    assert located['median_deg'] == 10.0


def test_spatial_suppression_leaves_one_prediction_per_spot(portraits, model) -> None:
    dataset = load_dataset(portraits, radius_m=5.0)
    result = evaluate(dataset, model, Settings(), query_handling='central_crop',
                      spatial_nms_m=25.0)
    for outcome in result.outcomes:
        places = [dataset.database[index].position_m[0] for index, _ in outcome.matches]
        assert all(abs(a - b) > 25.0 for i, a in enumerate(places) for b in places[:i])
    assert result.to_json()['spatial_nms_m'] == 25.0
    nowhere = replace(dataset, database=tuple(
        replace(image, position_m=None) for image in dataset.database))
    with pytest.raises(DataError, match='leave --spatial-nms out'):
        evaluate(nowhere, model, Settings(), spatial_nms_m=25.0)


def test_the_cache_changes_nothing_but_the_work(portraits, model, tmp_path, monkeypatch) -> None:
    dataset, path = load_dataset(portraits, radius_m=5.0), tmp_path / 'cache.sqlite3'
    runs = []
    for _ in range(2):
        with DescriptorCache(path) as cache:
            runs.append(evaluate(dataset, model, Settings(), query_handling='five_crops',
                                 cache=cache).to_json())
        monkeypatch.setattr(model, 'describe', None)  # the second run needs no model
    assert runs[0]['descriptor_cache'] == {'hits': 0, 'misses': 12}
    assert runs[1]['descriptor_cache'] == {'hits': 12, 'misses': 0}
    for name in ('recall', 'results', 'samples', 'precision_recall'):
        assert runs[0][name] == runs[1][name]
    assert runs[0]['latency_ms']['describe'] == runs[1]['latency_ms']['describe']
