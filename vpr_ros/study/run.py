# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Run a study: cells that are there already are not measured again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import as_completed, ProcessPoolExecutor
from functools import partial
import multiprocessing
from pathlib import Path
from typing import Any

from vpr_ros.errors import VprError
from vpr_ros.evaluation.dataset import Dataset
from vpr_ros.evaluation.datasets import load_dataset
from vpr_ros.model import find_card
from vpr_ros.study.cells import CellStore
from vpr_ros.study.config import CARD, StudyConfig
from vpr_ros.study.grid import describe_dataset, fingerprint, measure_grid
from vpr_ros.study.scaling import measure_scaling
from vpr_ros.study.sequences import measure_sequences

Progress = Callable[[int, int, str], None]
Cell = dict[str, Any]
Job = tuple[Callable[..., None], tuple[Any, ...]]


def run_study(
    config: StudyConfig, out: Path, *, progress: Progress | None = None
) -> dict[str, list[Cell]]:
    """Measure what is missing and return all cells.

    Args:
        config: what to measure.
        out: folder of the study; ``cells/`` in it holds one JSON per cell.
        progress: called with (cells done, of so many, stage).

    Returns:
        ``grid``, ``scaling`` and ``sequences``: per cell its question and its answer together.
        A cell that cannot be measured has ``skipped`` with the reason.

    Raises:
        DataError: a data set cannot be read.
    """
    store = CellStore(out / 'cells')
    datasets = {name: load_dataset(path) for name, path in config.datasets.items()}
    marks = {name: fingerprint(dataset) for name, dataset in datasets.items()}
    grid = [_question('grid', cell, marks) for cell in config.grid_cells()]
    scaling = [{'study': 'scaling', **cell} for cell in config.scaling_cells()]
    sequences = [
        _question('sequences', {'dataset': name, 'model': model, **{
            key: config.sequences[key] for key in ('window_frames', 'window_m')}}, marks)
        for name in config.datasets for model in config.sequences.get('model', ())]
    everything = [*grid, *scaling, *sequences]
    for cell in everything:
        if 'skipped' in (store.read(cell) or {}):  # perhaps what was missing is there now
            store.path(cell).unlink()
    jobs: list[Job] = [
        (run_group, (group, str(config.datasets[group[0]['dataset']]), str(out),
                     config.processes)) for group in _groups(grid, store)]
    jobs += [(run_one, (cell, '', str(out), config.processes))
             for cell in scaling if store.read(cell) is None]
    jobs += [(run_one, (cell, str(config.datasets[cell['dataset']]), str(out), config.processes))
             for cell in sequences if store.read(cell) is None]

    def report(stage: str) -> None:
        if progress is not None:
            done = sum(store.path(cell).is_file() for cell in everything)
            progress(done, len(everything), stage)

    _run(jobs, config.processes, report)
    return {name: [{**cell, **(store.read(cell) or {})} for cell in cells]
            for name, cells in (('grid', grid), ('scaling', scaling), ('sequences', sequences))}


def _run(jobs: Sequence[Job], processes: int, report: Callable[[str], None]) -> None:
    if processes == 1:
        for work, arguments in jobs:
            report('measuring')
            work(*arguments)
        report('measured')
        return
    context = multiprocessing.get_context('spawn')  # ONNX Runtime's threads do not survive a fork
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        waiting = [pool.submit(work, *arguments) for work, arguments in jobs]
        try:
            for future in as_completed(waiting):
                future.result()
                report('measuring')
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def run_group(cells: Sequence[Cell], dataset_path: str, out: str, processes: int) -> None:
    """Measure cells that share a data set and a model variant, each kept as soon as it is done."""
    store, dataset = CellStore(Path(out) / 'cells'), load_dataset(dataset_path)
    for patches in (False, True):
        part = [cell for cell in cells if (cell['rerank'] != 'none') == patches]
        if not part:
            continue
        try:
            described = describe_dataset(dataset, part[0], Path(out), patches=patches)
        except VprError as error:
            for cell in part:
                store.write(cell, {'skipped': str(error)})
            continue
        for cell in part:
            _keep(store, cell, partial(measure_grid, dataset, described, cell,
                                       processes=processes))


def run_one(cell: Cell, dataset_path: str, out: str, processes: int) -> None:
    """Measure one cell of the other studies."""
    store = CellStore(Path(out) / 'cells')
    if cell['study'] == 'scaling':
        _keep(store, cell, lambda: measure_scaling(cell, processes=processes))
    else:
        dataset: Dataset = load_dataset(dataset_path)
        _keep(store, cell, lambda: measure_sequences(dataset, cell, processes=processes))


def _keep(store: CellStore, cell: Cell, measure: Callable[[], Mapping[str, Any]]) -> None:
    try:
        answer = measure()
    except VprError as error:
        answer = {'skipped': str(error)}
    store.write(cell, answer)


def _question(study: str, cell: Mapping[str, Any], marks: Mapping[str, str]) -> Cell:
    """Return a cell's question; it names the very data and model that it was asked about."""
    card = find_card(cell['model'])
    return {'study': study, **cell, 'data': marks[cell['dataset']], 'sha256': card.sha256,
            'model': card.name if cell['model'] == card.name else str(cell['model'])}


def _groups(cells: Iterable[Cell], store: CellStore) -> list[list[Cell]]:
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        if store.read(cell) is None:
            key = tuple(str(cell[k]) for k in ('dataset', 'model', 'resolution', 'precision'))
            groups.setdefault(key, []).append(cell)
    return list(groups.values())


def label(cell: Mapping[str, Any]) -> str:
    """Describe a cell in a few words: the model, and what differs from its card."""
    parts = [Path(str(cell['model'])).stem]
    parts += [str(cell[axis]) for axis in ('resolution', 'precision') if cell[axis] != CARD]
    if cell['dimension'] != CARD:
        parts.append(f'PCA {cell["dimension"]}')
    parts += [str(cell[axis]) for axis, usual in (('index', 'exact'), ('rerank', 'none'))
              if cell[axis] != usual]
    return ' '.join(parts)
