# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A session at the shell, written down: commands, what they printed, and a sentence on why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
import re
import textwrap

HOME = '/home/robot'
LONGEST = 240  # characters of a line; messages are printed on one
WIDTH = 100
CLEAN = (
    (r'\x1b\[[0-9;]*m', ''),
    (r' \[\d{10}\.\d+\]', ''),  # times of the log
    (r'(\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d)-\d+-[\w.-]+', r'\1'),  # names of machines
    (r'pid \[\d+\]', 'pid [4711]'),
    (r'\[pid \d+\]', '[pid 4711]'),
    (r'[ \t]+$', ''),
    (r'((^ *- 0\.0\n){2})(^ *- 0\.0\n){3,}', r'\1    ...\n'),  # of a covariance of zeros
    # of the progress of an action the beginning
    (r'((?:^Feedback:\n(?:.+\n)+\n){2})(?:^Feedback:\n(?:.+\n)+\n)+', r'\1...\n\n'),
)


@dataclass
class Section:
    """A heading, a sentence or two, and commands with what they printed."""

    title: str
    text: str
    steps: list[tuple[str, str]] = field(default_factory=list)


class Transcript:
    """What was typed and printed, section by section."""

    def __init__(self, folders: dict[Path, str]) -> None:
        """Begin.

        Args:
            folders: of this machine -> what stands in their place.
        """
        self._folders = {str(folder): name for folder, name in folders.items()}
        self.sections: list[Section] = []

    def section(self, title: str, text: str) -> None:
        """Begin a section."""
        self.sections.append(Section(title, text))

    def add(self, words: tuple[str, ...], output: str, keep: str = '') -> None:
        """Write down a command.

        Args:
            words: of the command.
            output: what it printed.
            keep: a regular expression; of a long output only the lines that match are shown.
        """
        self.sections[-1].steps.append((self.clean(typed(words)), self.shown(output, keep)))

    def clean(self, text: str) -> str:
        """Free a text of what is of this machine and this moment."""
        for folder, name in self._folders.items():
            text = text.replace(folder, name)
        for pattern, replacement in CLEAN:
            text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
        return text

    def shown(self, output: str, keep: str = '') -> str:
        """Clean an output and keep the lines that are wanted; ``...`` stands for the others."""
        lines: list[str] = []
        for line in self.clean(output).strip('\n').splitlines():
            short = line if len(line) <= LONGEST else line[:LONGEST] + ' ...'
            if not keep or re.search(keep, short):
                lines.append(short)
            elif lines[-1:] != ['...']:
                lines.append('...')
        return '\n'.join(lines)

    def commands(self) -> list[str]:
        """List every command, in order."""
        return [command for section in self.sections for command, _ in section.steps]

    def markdown(self, head: str) -> str:
        """Write the page: the head, then the sections."""
        parts = [head.rstrip() + '\n']
        for section in self.sections:
            text = textwrap.fill(section.text, WIDTH, break_on_hyphens=False)
            parts.append(f'\n## {section.title}\n\n{text}\n')
            for command, output in section.steps:
                parts.append(f'\n```\n{command}\n```\n')
                if output:
                    parts.append(f'\n```text\n{output}\n```\n')
        return ''.join(parts)


def typed(words: tuple[str, ...]) -> str:
    """Join words as a user types them: quoted where the shell would take them apart."""
    return ' '.join(f'"{word}"' if re.search(r'[\s{}\[\]*;&]', word) else word for word in words)


def commands_of(page: str) -> list[str]:
    """Find the commands of the sections of a page that :meth:`Transcript.markdown` has written."""
    found: list[str] = []
    language, lines = None, list[str]()
    for line in page[page.find('\n## '):].splitlines():
        if not line.startswith('```'):
            lines.append(line)
        elif language is None:
            language, lines = line[3:], []
        else:
            found += ['\n'.join(lines)] if not language else []
            language = None
    return found
