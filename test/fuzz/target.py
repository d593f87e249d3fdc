# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What everything that is fuzzed has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
import random

from vpr_ros.errors import VprError


class Target(ABC):
    """Something that reads what others wrote; :meth:`run` may be called without end."""

    name = ''

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        self.folder.mkdir(parents=True)

    def run(self, choose: random.Random) -> str:
        """Change and read once."""
        try:
            return self.attempt(choose)
        except VprError as error:
            assert '\n' not in str(error).strip(), f'more than one line: {error}'
            return 'refused'

    @abstractmethod
    def attempt(self, choose: random.Random) -> str:
        """Change and read once; a VprError counts as refused."""
