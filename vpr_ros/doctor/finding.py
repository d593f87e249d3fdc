# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One thing that was looked at: how bad it is, what was found, how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How bad a finding is."""

    OK = 'ok'
    WARNING = 'warning'
    ERROR = 'error'


MARKS = {Level.OK: ' ok ', Level.WARNING: 'warn', Level.ERROR: 'FAIL'}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: how bad it is.
        subject: what was looked at.
        found: what was found.
        fix: how to mend it; '' when nothing is to be done.
    """

    level: Level
    subject: str
    found: str
    fix: str = ''

    def __str__(self) -> str:
        text = f'[{MARKS[self.level]}] {self.subject}: {self.found}'
        return f'{text}\n       -> {self.fix}' if self.fix else text


def ok(subject: str, found: str) -> Finding:
    """Nothing to be done."""
    return Finding(Level.OK, subject, found)


def warning(subject: str, found: str, fix: str) -> Finding:
    """Report what works, but less well than it could, or perhaps not as it is meant."""
    return Finding(Level.WARNING, subject, found, fix)


def error(subject: str, found: str, fix: str = '') -> Finding:
    """Report what cannot work; '' as the fix where ``found`` names it already."""
    return Finding(Level.ERROR, subject, found, fix)
