# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A node that faults are done to: its diagnostics, its map, and whether it still recognises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
import contextlib
from pathlib import Path
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from helpers import place_image
from ros.client import Client, PATIENCE_S

from vpr_msgs.msg import Recognition
from vpr_ros.cli.main import main

HOME = range(6)  # places of the first drive, to which the robot comes back after each fault
LEVELS = {
    DiagnosticStatus.OK: 'OK', DiagnosticStatus.WARN: 'WARN', DiagnosticStatus.ERROR: 'ERROR',
}


class Diagnosis:
    """The diagnostics of one node from now on."""

    def __init__(self, client: Client, hide: str) -> None:
        self._client, self._hide = client, hide
        self._inbox = client.collect(DiagnosticArray, '/diagnostics')
        self._node = f'{client.process.namespace}/place_recognition'

    def names(self, part: str, *words: str, meanwhile: Callable[[], None] | None = None) -> str:
        """Wait until a part is not OK and its message holds the words; returns what it says.

        ``meanwhile`` is called until then: best-effort images of a burst may all be lost but one.
        """

        def wanted(status: Any) -> bool:
            return (status.name == f'{self._node}: {part}' and status.level != DiagnosticStatus.OK
                    and all(word in status.message for word in words))

        def holds(message: Any) -> bool:
            return any(map(wanted, message.status))

        end_s = time.monotonic() + PATIENCE_S
        while meanwhile and not self._inbox.find(holds, 0.05) and time.monotonic() < end_s:
            meanwhile()
        message = self._inbox.get(holds)
        status = next(filter(wanted, message.status))
        said = next(s for s in status.message.split('; ') if words[0] in s)
        return f'{LEVELS[status.level]} {part}: "{self._clean(said)}"'

    def is_silent_about(self, part: str, words: str) -> None:
        """Wait until the message of a part does not hold the words."""
        name = f'{self._node}: {part}'
        self._inbox.get(lambda m: any(
            status.name == name and words not in status.message for status in m.status))

    def value(self, part: str, key: str, at_least: float) -> float:
        """Wait until a value of a part has grown so far; returns it."""

        def of(message: Any) -> float:
            for status in message.status:
                for entry in status.values:
                    if status.name == f'{self._node}: {part}' and entry.key == key:
                        return float(entry.value)
            return float('-inf')

        return of(self._inbox.get(lambda m: of(m) >= at_least))

    def _clean(self, sentence: str) -> str:
        return sentence.replace(f'{self._hide}/', '').replace(f'{self._client.process.namespace}/',
                                                              '/')

    def close(self) -> None:
        subscription = self._inbox.subscription  # type: ignore[attr-defined]
        self._client.node.destroy_subscription(subscription)


class Bench:
    """One node and what is known of it."""

    def __init__(self, client: Client, map_path: Path) -> None:
        self.client, self.map_path = client, map_path
        self.faults = 0
        self.home: dict[int, int] = {}

    def drive(self) -> None:
        """Make the first drive: the places of home become places of the map."""
        for place in HOME:
            answer = self.client.ask(place_image(place))
            assert answer.added_to_map, answer.reason_text
            self.home[place] = answer.query_id

    @contextlib.contextmanager
    def diagnosis(self) -> Iterator[Diagnosis]:
        """Follow the diagnostics from now on."""
        found = Diagnosis(self.client, str(self.map_path.parent))
        try:
            yield found
        finally:
            found.close()

    def map_is_intact(self) -> str:
        """``vpr map check`` of the node's map, while the node has it."""
        assert main(['map', 'check', str(self.map_path)]) == 0
        return 'map check: no problem'

    def recognises(self) -> str:
        """Check that a fresh image of a place of the first drive is answered and accepted."""
        self.client.process.check()
        self.client.advance(60.0)
        accepted = 0
        for place, place_id in list(self.home.items())[2:4]:
            answer = self.client.ask(place_image(place))
            assert answer.reason == Recognition.ACCEPTED, answer.reason_text
            accepted += answer.matches[0].place_id >= place_id
        return f'{accepted} of 2 revisits accepted'

    def aftermath(self) -> tuple[str, str]:
        """Look at what each fault may leave: the map, and whether recognition resumes."""
        return self.map_is_intact(), self.recognises()
