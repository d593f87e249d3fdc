# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The results page: tables of cells as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
import re
from typing import Any

from vpr_ros.errors import DataError
from vpr_ros.study.page import markdown_table

_HEAD = """# Results

This page lets you see what each model, the re-ranking and the sequences gain, against hand-made
descriptors that run in the same pipeline. It is printed by

```
{command}
```

{measured}

In brackets: 95 % interval by bootstrap over the queries. `rootsift_vlad`, `bag_of_words`, `hog`
and `thumbnail` are described in [models](models.md); `vpr compare` tests two runs against each
other. The truth of `donkey_two_laps` was found by the likeness of small images, which favours
`thumbnail` there. What the papers claim of training, tried here:
[below](#the-papers-claims-tried-here).
"""
_DATASETS = """
## {name}: {queries} queries, {database} database images

R@1: the best match is right. *At 100 % precision*: the most recall at a similarity from which no
answer is wrong.

{table}
"""
_DRIVES = """
## Drive {name}

*Revisits*: keyframes that return to a known place; which frames are keyframes depends on the model
where there is no odometry. *At 100 % precision*: the share of them found at a probability from
which none is false. *True*, *false*, *recall*: what is accepted at the default `min_probability`.
Models without a calibration of their own use the generic one, so compare them at 100 % precision.

{table}
"""
Cells = Sequence[Mapping[str, Any]]


def results_page(datasets: Cells, drives: Cells, *, command: str,
                 appended: Sequence[str] = ()) -> str:
    """Write the whole page.

    Args:
        datasets, drives: cells of :mod:`vpr_ros.study.results`.
        command: that printed it.
        appended: pages of other commands, which become sections of this one.
    """
    parts = [_HEAD.format(command=command, measured=_measured([*datasets, *drives]))]
    for name in dict.fromkeys(cell['dataset'] for cell in datasets):
        cells = [cell for cell in datasets if cell['dataset'] == name]
        head = ['model', 're-ranking', 'R@1', 'R@5', 'R@10', 'at 100 % precision',
                'average precision', 'ms a query']
        rows = [[f'`{cell["model"]}`', cell['rerank'],
                 *(_with_interval(cell['recall'][n], cell['recall_interval_95'][n])
                   for n in ('1', '5', '10')),
                 _percent(cell['recall_at_100_precision']), _percent(cell['average_precision']),
                 _p50(cell)] for cell in cells]
        parts.append(_DATASETS.format(
            name=name, queries=cells[0]['queries'], database=cells[0]['database'],
            table=markdown_table(head, rows)))
    for name in dict.fromkeys(cell['drive'] for cell in drives):
        cells = [cell for cell in drives if cell['drive'] == name]
        head = ['model', 're-ranking', 'sequences', 'revisits', 'at 100 % precision', 'true',
                'false', 'recall', 'calibration error', 'ms a frame']
        rows = [[f'`{cell["model"]}`', cell['rerank'], cell['sequences'],
                 str(cell['revisits']),
                 _with_interval(cell['recall_at_100_precision'],
                                cell['recall_at_100_precision_interval_95']),
                 str(cell['loop_closures']['true']), str(cell['loop_closures']['false']),
                 _with_interval(cell['loop_closures']['recall'], cell['recall_interval_95']),
                 '–' if cell['ece'] is None else f'{cell["ece"]:.3f}', _p50(cell)]
                for cell in cells]
        parts.append(_DRIVES.format(name=name, table=markdown_table(head, rows)))
    return ''.join([*parts, *(f'\n{_deeper(page)}' for page in appended)])


def read_page(path: Path) -> str:
    """Return the text of a Markdown page.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'page {path} cannot be read ({error}); give a Markdown file, such as '
                        f'`python -m training claims --page` writes') from error


def _deeper(page: str) -> str:
    """Move the headings of a page down by one level; lines in code blocks stay."""
    parts = re.split(r'(^```.*?^```$)', page, flags=re.MULTILINE | re.DOTALL)
    return ''.join(part if part.startswith('```') else re.sub(r'^(#+ )', r'#\1', part, flags=re.M)
                   for part in parts)


def _measured(cells: Cells) -> str:
    """Versions and machine of the cells, in a sentence."""
    if not cells:
        return ''
    machines = dict.fromkeys(
        f'{c["about"]["machine"].get("processor") or c["about"]["machine"]["system"]}, '
        f'{c["about"]["machine"]["cpus"]} cores' for c in cells)
    versions = dict.fromkeys(f'vpr_ros {c["about"]["versions"]["vpr_ros"]}' for c in cells)
    return (f'Measured with {" and ".join(versions)} on: {"; ".join(machines)}. Times were taken\n'
            f'while the machine did other work as well; compare them within this page only.')


def _percent(value: float | None) -> str:
    return '–' if value is None else f'{100 * value:.1f}'


def _with_interval(value: float | None, bounds: Sequence[float] | None) -> str:
    if value is None or bounds is None:
        return _percent(value)
    return f'{_percent(value)} ({100 * bounds[0]:.0f}–{100 * bounds[1]:.0f})'


def _p50(cell: Mapping[str, Any]) -> str:
    total = cell['latency_ms'].get('total')
    return '–' if total is None else f'{total["p50"]:.0f}'
