# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline: image -> describe -> search -> re-rank -> sequence -> decide -> Recognition.

One object serves the live node, the replay of a bag and the evaluation of a data set, so that the
number in the report is the number on the robot. It owns the temporal state and nothing else: the
model and the map are given to it, and what it found it returns.
"""

from __future__ import annotations

from collections.abc import Callable
import time
from typing import Any, NamedTuple

from vpr_ros.context import Context, centred
from vpr_ros.decision.calibration import Calibration
from vpr_ros.decision.decide import decide
from vpr_ros.decision.evidence import gather, ordered
from vpr_ros.decision.recency import first_recent
from vpr_ros.decision.sequence import SequenceTracker
from vpr_ros.errors import MapError
from vpr_ros.images import is_blank
from vpr_ros.keyframes import NO_IMAGE, KeyframeSelector
from vpr_ros.model import Model
from vpr_ros.place_map import Budget, PlaceMap
from vpr_ros.rerank import encode_patches, make_reranker
from vpr_ros.settings import Settings
from vpr_ros.stopwatch import Stopwatch
from vpr_ros.thumbnails import thumbnail
from vpr_ros.types import (
    Description,
    FloatArray,
    Frame,
    ImageArray,
    Match,
    Place,
    Ranked,
    Reason,
    Recognition,
)

SEQUENCE_CANDIDATES = 10  # the best candidates of a frame that its predecessors may promote


class _Found(NamedTuple):
    """What the map holds for one image: places by similarity, and as re-ranking orders them."""

    description: Description
    descriptor: FloatArray  # as the map takes it: centred on what the last keyframes share
    mean: FloatArray  # what was subtracted
    candidates: list[tuple[Place, float]]
    ranked: list[Ranked]
    shed: int


class Described(NamedTuple):
    """An image that was described before its turn came, see :meth:`PlaceRecognizer.describe`.

    Attributes:
        description: None for a blank image.
        describe_ms: how long that took.
    """

    description: Description | None
    describe_ms: float


class PlaceRecognizer:
    """Recognises places in a stream of frames, and grows the map while it does.

    Not thread-safe: one thread processes frames. The map has its own lock, so that services may
    read it meanwhile.

    Attributes:
        map_failed: told when a place could not be stored (the disk is full, say), and recognition
            goes on; None lets :meth:`process` raise.
    """

    def __init__(
        self,
        model: Model,
        place_map: PlaceMap,
        settings: Settings,
        *,
        mapping: bool,
        calibration: Calibration | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Put the stages together.

        Args:
            model: describes images; the map must have been built with it.
            place_map: searched for each frame, and grown by keyframes when ``mapping``.
            settings: see :mod:`vpr_ros.parameters`.
            mapping: False leaves the map as it is.
            calibration: turns evidence into a probability; None takes the model card's.
            clock: seconds, monotonic; only for latencies and the deadline.
        """
        self.model, self.place_map, self.mapping = model, place_map, mapping
        self.calibration = calibration or Calibration.of_card(model.card)
        self.map_failed: Callable[[MapError], None] | None = None
        self._clock = clock
        self._keyframes, self._sequence = KeyframeSelector(), SequenceTracker()
        self._context = Context(place_map.context.window)
        self.configure(settings)

    @property
    def memory(self) -> tuple[KeyframeSelector, Context, SequenceTracker]:
        """What is remembered of the frames before, for a build that goes on after a break."""
        return self._keyframes, self._context, self._sequence

    def configure(self, settings: Settings) -> None:
        """Take new settings; the next frame uses them."""
        self.settings = settings
        self._set_budget()
        self._reranker = make_reranker(settings.rerank, self.model.card)

    def replace_map(self, place_map: PlaceMap) -> None:
        """Search and grow another map from now on; the caller closes the old one."""
        self.place_map = place_map
        self._set_budget()
        self._context = Context(place_map.context.window)
        self._forget()

    def reset(self) -> None:
        """Forget the frames before, and begin a new session: time jumped."""
        self._forget()
        session = self.place_map.session
        if self.mapping and session is not None:
            self.place_map.new_session(robot=session.robot)

    def describe(self, image: ImageArray) -> Described:
        """Describe an image; touches no state, so that other threads may work ahead.

        Raises:
            ImageError, ModelError: see :meth:`Model.describe`.
        """
        start = self._clock()
        prepared = self.model.prepare(image)
        description = None
        if not is_blank(prepared):
            description = self.model.describe(prepared, patches=self._reranker is not None)
        return Described(description, (self._clock() - start) * 1000.0)

    def process(self, frame: Frame, described: Described | None = None) -> Recognition:
        """Recognise one frame and, when mapping, add it to the map if it is a keyframe.

        Args:
            frame: the frames of a drive come in order.
            described: what :meth:`describe` said of its image; None asks it now.

        Raises:
            ImageError, ModelError, MapError: the frame could not be processed; the state is
                as before and the next frame may be given.
        """
        watch = Stopwatch(self._clock, budget_ms=self.settings.deadline_ms)
        described = described or self.describe(frame.image)
        if described.description is None:
            return _answer(frame, watch, Reason.BLANK_IMAGE)
        watch.book('describe', described.describe_ms)
        found = self._look_up(described.description, watch, self.settings.candidates, frame)
        matches = gather(
            found.ranked[:SEQUENCE_CANDIDATES], found.candidates, self.place_map.spot_of,
            self.settings, frame=frame, tracker=self._sequence,
        )
        matches = ordered(
            matches, found.candidates, self.calibration.probability, self.settings
        )[: self.settings.max_matches]
        self._sequence.push(frame, found.ranked, self.settings)
        probability, reason = 0.0, Reason.TOO_RECENT if len(self.place_map) else Reason.NO_MAP
        if matches:
            probability = self.calibration.probability(matches[0])
            reason = decide(matches[0], probability, self.calibration, self.settings,
                            shed=found.shed > 0)
        watch.lap('decide')
        spot = self.place_map.spot_of(matches[0].place) if reason is Reason.ACCEPTED else None
        place_id = self._grow(frame, found, spot)
        watch.lap('map')
        return _answer(frame, watch, reason, matches, probability, place_id, found.shed)

    def recognize(self, image: ImageArray, *, max_matches: int = 10) -> Recognition:
        """Rank the map's places for a single image; no state is read or changed.

        The order is that of the evidence: spatial score where re-ranked, else similarity. The
        sequence gate does not apply.

        Args:
            image: uint8 (H, W, 3) RGB.
            max_matches: length of the ranking.
        """
        start = self._clock()
        description = self.model.describe(image, patches=self._reranker is not None)
        elapsed_ms = (self._clock() - start) * 1000.0
        return self.rank(Described(description, elapsed_ms), max_matches=max_matches)

    def rank(self, described: Described, *, max_matches: int = 10) -> Recognition:
        """The same as :meth:`recognize` for an image that is already described."""
        settings = self.settings.replace(min_sequence_support=0.0)
        watch = Stopwatch(self._clock, budget_ms=settings.deadline_ms)
        watch.book('describe', described.describe_ms)
        frame = Frame(NO_IMAGE, 0)
        if described.description is None:
            return _answer(frame, watch, Reason.BLANK_IMAGE)
        found = self._look_up(
            described.description, watch, max(max_matches, settings.candidates))
        matches = gather(
            found.ranked[:max_matches], found.candidates, self.place_map.spot_of, settings
        )
        if not matches:
            return _answer(frame, watch, Reason.NO_MAP)
        probability = self.calibration.probability(matches[0])
        reason = decide(matches[0], probability, self.calibration, settings, shed=found.shed > 0)
        watch.lap('decide')
        return _answer(frame, watch, reason, matches, probability, 0, found.shed)

    def _look_up(
        self, description: Description, watch: Stopwatch, count: int, frame: Frame | None = None
    ) -> _Found:
        """Search the map and re-rank; for a frame, leave out recent places."""
        descriptor = description.global_descriptor
        mean = self.place_map.context.mean
        if frame is not None:
            mean = self._context.mean(descriptor)
        if self._context.window:
            descriptor = centred(descriptor, mean)
        watch.lap('describe')
        below_id = None
        if frame is not None and self.mapping:
            below_id = first_recent(self.place_map, frame, descriptor, self.settings)
        candidates = [
            (neighbour.place, neighbour.similarity)
            for neighbour in self.place_map.search(descriptor, count, below_id=below_id)
        ]
        watch.lap('search')
        if self._reranker is None:
            unranked: list[Ranked] = [(p, s, None) for p, s in candidates]
            return _Found(description, descriptor, mean, candidates, unranked, 0)
        ranked, shed = self._reranker(
            description.patches, candidates, self.place_map.patches, watch.remaining_s
        )
        watch.lap('rerank')
        return _Found(description, descriptor, mean, candidates, ranked, shed)

    def _grow(self, frame: Frame, found: _Found, spot: Place | None) -> int:
        """Take in a keyframe; returns the id of the place that it became, or 0."""
        plain, place_id = found.description.global_descriptor, 0
        if not self._keyframes.wants(frame, plain, self.settings):
            return place_id
        if self.mapping:
            place_id = self._add(
                found.descriptor, stamp_ns=frame.stamp_ns, frame_id=frame.frame_id,
                pose=frame.pose, travelled_m=frame.travelled_m,
                context=found.mean if self._context.window else None,
                revisit_of=spot.place_id if spot is not None else 0,
                thumbnail=thumbnail(frame.image, self.settings.thumbnail_width_px),
                patches=encode_patches(found.description.patches),
            )
        self._keyframes.added(frame, plain)
        self._context.push(plain)
        return place_id

    def _add(self, descriptor: FloatArray, **facts: Any) -> int:
        """The id of the new place; 0 when it could not be stored and somebody is told of that."""
        try:
            return self.place_map.add(descriptor, **facts).place_id
        except MapError as error:
            if self.map_failed is None:
                raise
            self.map_failed(error)
            return 0

    def _set_budget(self) -> None:
        settings = self.settings
        self.place_map.budget = Budget(settings.max_places, int(settings.max_map_mb * 1e6))

    def _forget(self) -> None:
        self._context.reset()
        self._keyframes.reset()
        self._sequence.reset()


def _answer(
    frame: Frame, watch: Stopwatch, reason: Reason, matches: tuple[Match, ...] = (),
    probability: float = 0.0, place_id: int = 0, shed: int = 0,
) -> Recognition:
    return Recognition(
        stamp_ns=frame.stamp_ns, frame_id=frame.frame_id, matches=matches,
        probability=probability, reason=reason, place_id=place_id,
        travelled_m=frame.travelled_m, latency_ms=watch.latency_ms(), shed_candidates=shed,
    )
