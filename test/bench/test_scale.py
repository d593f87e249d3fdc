# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of scale, at a size that a test can afford."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from vpr_ros.bench import scale, scale_report
from vpr_ros.bench.scale_data import drives, Look, Nearest, seen_again, unit
from vpr_ros.bench.scale_plot import Curve, log_log_svg
from vpr_ros.errors import ConfigError
from vpr_ros.place_map import ModelIdentity, PlaceMap

LOOK = Look.synthetic(64)


def test_small_maps_are_measured_in_processes_of_their_own(tmp_path: Path) -> None:
    rows = scale.measure([1000, 2500], tmp_path, kinds=('auto', 'binary'), look=LOOK, queries=40)
    assert [(row['places'], row['kind']) for row in rows] == [
        (1000, 'flat'), (1000, 'binary'), (2500, 'flat'), (2500, 'binary')]
    for row in rows:
        assert row['synthetic']['top1_in_100'] == 1.0 and row['real'] is None
        assert row['p99_ms'] >= row['p50_ms'] > 0
        assert row['rss_mb'] > row['anonymous_mb'] > 0 and row['file_mb'] > 0
    assert not list(tmp_path.iterdir())
    text = scale_report.table(rows)
    assert len(text.splitlines()) == 5 and 'binary' in text


def test_drives_are_the_same_every_time_and_walk_step_by_step() -> None:
    first, again = (np.concatenate(list(drives(LOOK, 45_000, seed=3))) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (45_000, 64)
    cosines = np.einsum('ij,ij->i', first[:-1], first[1:])
    assert 0.85 < np.median(cosines) < 0.95
    assert abs(float(np.median(np.einsum('ij,ij->i', first[:-900], first[900:])))) < 0.15


def test_a_look_has_the_spread_of_what_it_was_taken_from() -> None:
    random = np.random.default_rng(0)
    spread = np.linspace(2, 0.1, 16)
    real = unit(random.standard_normal((4000, 16)).astype(np.float32) * spread + 1)
    look = Look.of(real)
    drawn = look.drawn(random, 20_000)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(real.T), atol=0.01)
    views = seen_again(look, real, random)
    np.testing.assert_allclose(np.linalg.norm(views, axis=1), 1.0, atol=1e-5)


def test_the_exact_nearest_is_that_of_all_products() -> None:
    rows = np.concatenate(list(drives(LOOK, 1500)))
    queries = seen_again(LOOK, rows[::50], np.random.default_rng(1)).astype(np.float16)
    mean = rows.mean(axis=0)
    exact = Nearest(queries)
    for start in range(0, 1500, 400):
        exact.push(rows[start:start + 400].astype(np.float16), mean)
    halves = rows.astype(np.float16).astype(np.float32)
    for query, found in zip(queries.astype(np.float32), exact.row, strict=True):
        cosines = [float((query - mean) @ (row - mean) / np.linalg.norm(row - mean))
                   for row in halves]
        assert int(np.argmax(cosines)) == found


def test_slope_of_a_power_law() -> None:
    rows = [{'places': n, 'cost': 3.0 * n**0.7} for n in (10, 100, 5000)]
    assert scale_report.slope(rows, 'cost') == pytest.approx(0.7)
    assert np.isnan(scale_report.slope(rows[:1], 'cost'))


def test_a_picture_of_the_curves() -> None:
    svg = ElementTree.fromstring(log_log_svg('a < b', 'places', [
        Curve('one', [(1000, 0.5), (100_000, 20.0)]), Curve('two', [(1000, 3.0)])]))
    assert len(svg.findall('{*}circle')) == 3 and len(svg.findall('{*}polyline')) == 2
    assert any('a < b' in (text.text or '') for text in svg.findall('{*}text'))


def test_the_report_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'many' found, expected numbers of places"):
        scale_report.run('many', 'auto')
    with pytest.raises(ConfigError, match='10 places found, expected at least 1000'):
        scale_report.run('10', 'auto')
    with pytest.raises(ConfigError, match='index kind'):
        scale_report.run('1000', 'best')
    with PlaceMap.create(tmp_path / 'm.vprmap', ModelIdentity('m', 'ab' * 32, 4)) as place_map:
        place_map.add(np.array([1, 0, 0, 0], np.float32), stamp_ns=1)
    with pytest.raises(ConfigError, match='holds 1 places, expected at least 100'):
        scale_report.run('1000', 'auto', like=tmp_path / 'm.vprmap')
