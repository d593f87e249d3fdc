# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The thread count of matrix products is limited inside, and put back in every case."""

import threading

import pytest

from vpr_ros.rerank import blas


@pytest.fixture
def count():
    controls = blas._controls()
    if controls is None:
        pytest.skip('this NumPy does not carry OpenBLAS')
    get, limit = controls
    before = get()
    limit(2)
    yield get
    limit(before)


def test_limits_and_puts_back(count):
    with blas.single_threaded():
        assert count() == 1
        with blas.single_threaded():
            assert count() == 1
        assert count() == 1
    assert count() == 2


def test_puts_back_after_an_error(count):
    with pytest.raises(RuntimeError), blas.single_threaded():
        raise RuntimeError
    assert count() == 2


def test_overlapping_threads_put_back_once(count):
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with blas.single_threaded():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    with blas.single_threaded():
        thread.start()
        assert inside.wait(10)
    assert count() == 1
    leave.set()
    thread.join()
    assert count() == 2


def test_works_without_openblas(monkeypatch):
    monkeypatch.setattr(blas, '_controls', lambda: None)
    monkeypatch.setenv('OPENBLAS_NUM_THREADS', '1')
    assert blas.can_limit()
    for name in ('OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS'):
        monkeypatch.delenv(name, raising=False)
    assert not blas.can_limit()
    with blas.single_threaded():
        pass
