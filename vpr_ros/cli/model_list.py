# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``vpr model list``: the bundled models."""

from __future__ import annotations

import argparse
from typing import Any

from vpr_ros.cli.verb import add_json, Verb
from vpr_ros.model import list_cards


def _run(_: argparse.Namespace) -> dict[str, Any]:
    cards = list_cards()
    for card in cards:
        megabytes = card.file_path.stat().st_size / 1e6 if card.file_path.is_file() else 0.0
        patches = ', '.join(str(size) for size in card.patches) or 'none'
        print(f'{card.name:12} {card.width}x{card.height} -> {card.global_dim}-D, '
              f'patch sizes {patches}, {megabytes:.1f} MB, {card.licence}')
    return {'format': 1, 'models': [dict(card.raw) for card in cards]}


VERB = Verb(
    ('model', 'list'), 'list the bundled models', 'vpr model list', add_json, _run,
)
