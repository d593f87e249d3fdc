# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
# flake8: noqa: A005
"""What the node counts about itself, from any thread: the figures behind the diagnostics."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
import math
import threading

import numpy as np

from vpr_ros.types import Reason, Recognition

WINDOW = 500  # samples that percentiles look back over
RATE_WINDOW_S = 5.0
MAX_NAMED = 16  # different errors that are kept by name; the rest is counted together
NOTICE_S = 5.0  # what was noticed stays in the diagnostics so long after it was last seen


@dataclass(frozen=True)
class Snapshot:
    """The figures at one moment.

    Attributes:
        received, processed, dropped, out_of_order, time_jumps, odometry: counts since the start.
        dropped_lately: images dropped since the snapshot before.
        rate_hz: images received per second, over the last seconds.
        processed_hz: images processed per second, over the last seconds.
        silence_s: since the last image; None before the first.
        latency_ms: stage -> (p50, p99) over the last recognitions.
        age_ms: (p50, p99) of the time from the image's stamp to its result; None without any.
        errors: sentence -> count, of images that could not be taken.
        errors_lately: such images since the snapshot before.
        last_error: the last such sentence, '' for none.
        reasons: outcome -> count.
        last_reason: outcome of the last recognition, or None.
        notices: sentences about what was wrong with the input within the last seconds.
    """

    received: int = 0
    processed: int = 0
    dropped: int = 0
    out_of_order: int = 0
    time_jumps: int = 0
    odometry: int = 0
    dropped_lately: int = 0
    rate_hz: float = 0.0
    processed_hz: float = 0.0
    silence_s: float | None = None
    latency_ms: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    age_ms: tuple[float, float] | None = None
    errors: Mapping[str, int] = field(default_factory=dict)
    errors_lately: int = 0
    last_error: str = ''
    reasons: Mapping[str, int] = field(default_factory=dict)
    last_reason: Reason | None = None
    notices: tuple[str, ...] = ()


class Statistics:
    """Counters and windows, guarded by one lock. Times are monotonic seconds, given by callers."""

    def __init__(self) -> None:
        """Start at zero."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._last_error = ''
        self._reasons: Counter[str] = Counter()
        self._arrivals: deque[float] = deque(maxlen=10 * WINDOW)
        self._results: deque[float] = deque(maxlen=10 * WINDOW)
        self._latency: dict[str, deque[float]] = {}
        self._ages: deque[float] = deque(maxlen=WINDOW)
        self._last_reason: Reason | None = None
        self._seen: Counter[str] = Counter()
        self._notices: dict[str, tuple[float, str]] = {}

    def received(self, now_s: float, *, dropped: int = 0) -> None:
        """Count an image that came in, for which ``dropped`` older ones had to go."""
        with self._lock:
            self._arrivals.append(now_s)
            self._counts['received'] += 1
            self._counts['dropped'] += dropped

    def count(self, what: str) -> None:
        """Count one of ``dropped``, ``out_of_order``, ``time_jumps``, ``odometry``."""
        with self._lock:
            self._counts[what] += 1

    def failed(self, sentence: str) -> bool:
        """Count an image that could not be taken; return True when this sentence is new."""
        with self._lock:
            self._counts['errors'] += 1
            self._last_error = sentence
            new = sentence not in self._errors
            if new and len(self._errors) >= MAX_NAMED:
                self._errors['other'] += 1
                return False
            self._errors[sentence] += 1
            return new

    def notice(self, what: str, sentence: str, now_s: float) -> bool:
        """Something odd came in, and was dealt with.

        Args:
            what: kind of oddity; a later sentence of the same kind takes its place.
            sentence: for the diagnostics.
            now_s: monotonic seconds.

        Returns:
            True when nothing of this kind was noticed within the last seconds, so that a log
            speaks once of what goes on.
        """
        with self._lock:
            before_s, _ = self._notices.get(what, (-math.inf, ''))
            self._notices[what] = now_s, sentence
            return now_s - before_s > NOTICE_S

    def recognized(self, recognition: Recognition, now_s: float, age_ms: float | None) -> None:
        """Count a processed frame; ``age_ms`` is None when its clock is not the node's."""
        with self._lock:
            self._counts['processed'] += 1
            self._results.append(now_s)
            self._reasons[recognition.reason.name] += 1
            self._last_reason = recognition.reason
            if age_ms is not None:
                self._ages.append(age_ms)
            for stage, value in recognition.latency_ms.items():
                self._latency.setdefault(stage, deque(maxlen=WINDOW)).append(value)

    def snapshot(self, now_s: float) -> Snapshot:
        """Return the figures now."""
        with self._lock:
            lately = self._counts - self._seen
            self._seen = self._counts.copy()
            return Snapshot(
                **{name: self._counts[name] for name in (
                    'received', 'processed', 'dropped', 'out_of_order', 'time_jumps', 'odometry'
                )},
                dropped_lately=lately['dropped'],
                rate_hz=_rate(self._arrivals, now_s),
                processed_hz=_rate(self._results, now_s),
                silence_s=now_s - self._arrivals[-1] if self._arrivals else None,
                latency_ms={stage: _percentiles(w) for stage, w in self._latency.items()},
                age_ms=_percentiles(self._ages) if self._ages else None,
                errors=dict(self._errors),
                errors_lately=lately['errors'],
                last_error=self._last_error,
                reasons=dict(self._reasons),
                last_reason=self._last_reason,
                notices=tuple(
                    sentence for seen_s, sentence in self._notices.values()
                    if now_s - seen_s <= NOTICE_S
                ),
            )


def _rate(times_s: deque[float], now_s: float) -> float:
    """Return the events per second since the first one within the window.

    Older events but the last are forgotten: looking at all of a minute cost the node more than
    anything else that it does by the second.
    """
    while len(times_s) > 1 and now_s - times_s[0] > RATE_WINDOW_S:
        times_s.popleft()
    return len(times_s) / max(now_s - times_s[0], 0.2) if len(times_s) > 1 else 0.0


def _percentiles(values: deque[float]) -> tuple[float, float]:
    p50, p99 = np.percentile(np.fromiter(values, np.float64, len(values)), (50, 99))
    return float(p50), float(p99)
