# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One measured cell of a study: a JSON file that is there completely or not at all."""

from __future__ import annotations

from collections.abc import Mapping
import hashlib
import json
from pathlib import Path
from typing import Any

from vpr_ros.whole_files import write_whole

CELL_FORMAT = 1


class CellStore:
    """Cells by what was asked: the same question finds its answer again.

    Args:
        folder: one ``NAME.json`` per cell; made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, question: Mapping[str, Any]) -> Path:
        """Where the answer to a question lies."""
        text = json.dumps(question, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self.folder / f'{question.get("study", "cell")}_{digest}.json'

    def read(self, question: Mapping[str, Any]) -> dict[str, Any] | None:
        """Read the answer, or None when it is missing, damaged or of another format."""
        try:
            cell = json.loads(self.path(question).read_text(encoding='utf-8'))
        except (OSError, ValueError):
            return None
        known = isinstance(cell, dict) and cell.get('format') == CELL_FORMAT
        return cell['answer'] if known and cell.get('question') == dict(question) else None

    def write(self, question: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Keep an answer; a process that is killed meanwhile leaves the old state."""
        cell = {'format': CELL_FORMAT, 'question': dict(question), 'answer': dict(answer)}
        write_whole(self.path(question), json.dumps(cell, indent=1) + '\n')
