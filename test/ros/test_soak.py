# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A short drive in less time through the real node: nothing grows that should not."""

from __future__ import annotations

from helpers import place_image

from vpr_ros.bench.soak_plot import CHARTS, soak_svg
from vpr_ros.ros.soak import RATE_HZ, soak

DRIVE_S = 20
MOST_GROWTH_MB = 40.0  # of a process of some 150 MB, while its pools fill


def test_nothing_grows(start, tmp_path) -> None:
    images = [place_image(number) for number in range(60)]
    with start(map_path=str(tmp_path / 'soak.vprmap'), max_places=10) as client:
        client.wait_until_active()
        found = soak(client.process, images, drive_s=DRIVE_S).as_dict()
        assert client.stop() == 0
    assert found['sent'] == DRIVE_S * RATE_HZ and found['lost'] < found['sent'] // 10
    assert found['markers'] > 0 and found['diagnostics'] > 0
    assert found['drive_s'] == DRIVE_S and len(found['samples']) >= 20
    assert found['threads_last_quarter'] == found['threads_second_quarter']
    assert found['handles_last_quarter'] <= found['handles_second_quarter'] + 1
    assert found['memory_mb_last_quarter'] < found['memory_mb_second_quarter'] + MOST_GROWTH_MB
    assert 0 < max(sample['places'] for sample in found['samples']) <= 11
    picture = soak_svg('a drive & its figures', found)
    assert picture.count('<polyline') == len(CHARTS) and '&amp;' in picture


def test_in_real_time_no_image_comes_before_its_stamp(start) -> None:
    with start() as client:
        client.wait_until_active()
        found = soak(client.process, [place_image(0)], drive_s=2.0, real_time=True)
        assert client.stop() == 0
    assert found.sent == 2 * RATE_HZ
    assert all(sample.wall_s >= sample.drive_s - 1.5 / RATE_HZ for sample in found.samples)
