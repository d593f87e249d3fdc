# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of ``docs/training.md``: keys of recipes, augmentations, and what may be named.

``python -m training.recipe_page`` writes them into the page; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
import re

import torch

from training.aggregations.registry import AGGREGATIONS
from training.architectures.registry import ARCHITECTURES
from training.augmentations import KNOWN
from training.keys import rows
from training.model import entry_of
from training.objective import GEOGRAPHY, LOSS_NAMES, loss_options
from training.recipe import Recipe

PAGE = Path(__file__).parents[1] / 'docs' / 'training.md'


def _table(header: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    rule = ('---',) * len(header)
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in (header, rule, *lines))


def tables() -> dict[str, str]:
    """Every generated table of the page by its name."""
    keys = ((f'`{name}`', f'`{default}`', what) for name, default, what in rows(Recipe))
    changes = ((f'`{name}`', (kind.__doc__ or '').splitlines()[0],
                '; '.join(f'`{key}` ({default}): {what.rstrip(".")}'
                          for key, default, what in rows(kind)))
               for name, kind in KNOWN.items())
    with torch.device('meta'):  # only to see what they are like
        stages = {name: entry_of(name).make().stages for name in ARCHITECTURES}
    backbones = [(f'`{name}`', ', '.join(names))  # type: ignore[arg-type]
                 for name, names in stages.items()]
    losses = ((f'`{name}`', ', '.join(f'`{option}`' for option in loss_options(name)) or 'none',
               'places' if name == GEOGRAPHY else 'places, tuples') for name in LOSS_NAMES)
    return {
        'keys': _table(('key', 'default', 'meaning'), keys),
        'augmentations': _table(('name', 'what it does', 'options'), changes),
        'backbones': _table(('backbone', 'stages for `train_from`'), backbones),
        'losses': _table(('loss', 'options', 'batching'), losses),
        'aggregations': ', '.join(f'`{name}`' for name in AGGREGATIONS),
    }


def with_tables(text: str) -> str:
    """Renew what stands between the marks ``<!-- NAME -->`` and ``<!-- end -->`` of a page."""
    found = tables()
    marks = '|'.join(found)

    def renew(match: re.Match[str]) -> str:
        return f'<!-- {match[1]} -->\n{found[match[1]]}\n<!-- end -->'

    return re.sub(rf'<!-- ({marks}) -->\n.*?<!-- end -->', renew, text, flags=re.S)


if __name__ == '__main__':
    PAGE.write_text(with_tables(PAGE.read_text(encoding='utf-8')), encoding='utf-8')
