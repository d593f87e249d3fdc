# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The pipeline: image -> describe -> search -> re-rank -> sequence -> decide -> Recognition.

One object serves the live node, the replay of a bag and the evaluation of a data set, so that the
number in the report is the number on the robot. It owns the temporal state and nothing else: the
model and the map are given to it, and what it found it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import time
from typing import Any, NamedTuple

from vpr_ros.cameras.fusion import View, YawOf
from vpr_ros.decision.calibration import Calibration
from vpr_ros.decision.decide import decide
from vpr_ros.decision.evidence import gather, ordered
from vpr_ros.decision.sequence import SequenceTracker
from vpr_ros.errors import MapError
from vpr_ros.images import is_blank
from vpr_ros.keyframes import KeyframeSelector, NO_IMAGE
from vpr_ros.model import Model
from vpr_ros.pauses import Pauses
from vpr_ros.place_map import Budget, PlaceMap
from vpr_ros.relocalization import Localization, Relocalizer
from vpr_ros.rerank import encode_patches, make_reranker, wanted_sizes
from vpr_ros.searching import Search
from vpr_ros.settings import Settings
from vpr_ros.stopwatch import Reserve, Stopwatch
from vpr_ros.thumbnails import thumbnail
from vpr_ros.types import (
    Description,
    FloatArray,
    Frame,
    ImageArray,
    Match,
    Place,
    Reason,
    Recognition,
)

SEQUENCE_CANDIDATES = 10  # the best candidates of a frame that its predecessors may promote


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

    Not thread-safe; the map has its own lock, so that services may read it meanwhile.

    Attributes:
        map_failed: told when a place could not be stored (the disk is full, say), and recognition
            goes on; None lets :meth:`process` raise.
        more_parts: what else to store of a frame that becomes a place, by LOCAL_FEATURES.
        localization: where in the map the last frame was taken, see :meth:`relocalize`; else None.
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
        self.more_parts: Callable[[Frame], dict[int, bytes]] = lambda _: {}
        self._clock = clock
        self._keyframes, self._sequence = KeyframeSelector(), SequenceTracker()
        self._search, self._pauses, self._reserve = Search(place_map), Pauses(), Reserve()
        self._relocalizer: Relocalizer | None = None
        self.localization: Localization | None = None
        self.configure(settings)

    @property
    def memory(self) -> tuple[KeyframeSelector, Search, SequenceTracker, Pauses]:
        """What is remembered of the frames before, for a build that goes on after a break."""
        return self._keyframes, self._search, self._sequence, self._pauses

    def configure(self, settings: Settings) -> None:
        """Take new settings; the next frame uses them."""
        self.settings = settings
        self._set_budget()
        self._search.reranker = make_reranker(settings.rerank, self.model.card)
        self._patch_sizes = wanted_sizes(self._search.reranker, self.model.card,
                                         settings.patch_sizes)

    def replace_map(self, place_map: PlaceMap) -> None:
        """Search and grow another map from now on; the caller closes the old one."""
        self.place_map = place_map
        self._set_budget()
        self._search.replace_map(place_map)
        if self._relocalizer is not None:
            self.relocalize()
        self._forget()

    def use_rig(self, yaw_of: YawOf) -> None:
        """Know where each camera looks: optical frame -> yaw, for :meth:`process_views`."""
        self._search.yaw_of = yaw_of

    def relocalize(self) -> None:
        """Follow from now on where in the map the robot is; the map must not grow."""
        self._relocalizer = Relocalizer(self.place_map, self.calibration)

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
        start, description = self._clock(), None
        prepared = self.model.prepare(image)
        if not is_blank(prepared):
            description = self.model.describe(prepared, patches=self._patch_sizes)
        return Described(description, (self._clock() - start) * 1000.0)

    def process(self, frame: Frame, described: Described | None = None) -> Recognition:
        """Recognise one frame and, when mapping, add it to the map if it is a keyframe.

        Args:
            frame: the frames of a drive come in order.
            described: what :meth:`describe` said of its image; None asks it now.

        Raises:
            ImageError, ModelError, MapError: the state is as before; give the next frame.
        """
        return self.process_views([frame], [described])

    def process_views(
        self, frames: Sequence[Frame], described: Sequence[Described | None] = ()
    ) -> Recognition:
        """Recognise one moment, seen by one camera or by several, and decide once.

        Args:
            frames: one for each camera that has given an image, the leading camera first; each
                with the optical frame of its camera and the same pose.
            described: of each frame, see :meth:`process`, which raises the same.

        Returns:
            Stamp, frame and place id are those of the camera that made the best match.
        """
        settings = self.settings
        watch = Stopwatch(self._clock, budget_ms=settings.deadline_ms, reserve=self._reserve)
        seen: list[tuple[Frame, Description]] = []
        for number, view in enumerate(frames):
            told = (described[number] if described else None) or self.describe(view.image)
            if told.description is not None:
                watch.book('describe', told.describe_ms)
                seen.append((view, told.description))
        if self._pauses.ended(frames[0].stamp_ns):
            self._search.reset()
            self._sequence.reset()
        if not seen:
            self._locate(frames[0], [])
            return _answer(frames[0], watch, Reason.BLANK_IMAGE)
        frame = seen[0][0]
        found = self._search(seen, settings, watch, mapping=self.mapping)
        matches = gather(
            found.ranked[:SEQUENCE_CANDIDATES], found.candidates, self.place_map.spot_of,
            settings, frame=frame, tracker=self._sequence, ends_of=self.place_map.ends_of,
        )
        matches = ordered(matches, found.candidates, self.calibration.strength, settings)
        matches = matches[: settings.max_matches]
        self._sequence.push(frame, found.ranked, settings)
        self._locate(frame, found.candidates)
        probability, reason = 0.0, Reason.TOO_RECENT if len(self.place_map) else Reason.NO_MAP
        if matches:
            probability = self.calibration.probability(matches[0])
            reason = decide(matches[0], probability, self.calibration, settings,
                            shed=found.shed > 0)
        watch.lap('decide')
        spot = self.place_map.spot_of(matches[0].place) if reason is Reason.ACCEPTED else None
        place_ids = self._grow(found.views, spot)
        watch.lap('map')
        best = found.seen_by.get(matches[0].place.place_id, 0) if matches else 0
        return _answer(seen[best][0], watch, reason, matches, probability, place_ids[best],
                       found.shed)

    def recognize(self, image: ImageArray, *, max_matches: int = 10) -> Recognition:
        """Rank the map's places for a single image; no state is read or changed.

        The order is that of the evidence: spatial score where re-ranked, else similarity. The
        sequence gate does not apply.

        Args:
            image: uint8 (H, W, 3) RGB.
            max_matches: length of the ranking.
        """
        start = self._clock()
        description = self.model.describe(image, patches=self._patch_sizes)
        described = Described(description, (self._clock() - start) * 1000.0)
        return self.rank(described, max_matches=max_matches)

    def rank(self, described: Described, *, max_matches: int = 10) -> Recognition:
        """Do the same as :meth:`recognize` for an image that is already described."""
        settings = self.settings.replace(min_sequence_support=0.0)
        watch = Stopwatch(self._clock, budget_ms=settings.deadline_ms)
        watch.book('describe', described.describe_ms)
        frame = Frame(NO_IMAGE, 0)
        if described.description is None:
            return _answer(frame, watch, Reason.BLANK_IMAGE)
        candidates, ranked, shed = self._search.alone(
            described.description, max(max_matches, settings.candidates), watch)
        matches = gather(ranked[:max_matches], candidates, self.place_map.spot_of, settings)
        if not matches:
            return _answer(frame, watch, Reason.NO_MAP)
        probability = self.calibration.probability(matches[0])
        reason = decide(matches[0], probability, self.calibration, settings, shed=shed > 0)
        watch.lap('decide')
        return _answer(frame, watch, reason, matches, probability, 0, shed)

    def _locate(self, frame: Frame, candidates: Sequence[tuple[Place, float]]) -> None:
        if self._relocalizer is not None:
            self.localization = self._relocalizer.step(frame, candidates, self.settings)

    def _grow(self, views: Sequence[View], spot: Place | None) -> list[int]:
        """Take in a keyframe; the ids of the places that its views became, or zeros."""
        first, place_ids = views[0], [0] * len(views)
        leading = first.description.global_descriptor
        if not self._keyframes.wants(first.frame, leading, self.settings):
            return place_ids
        for number, (frame, description, descriptor, mean, _) in enumerate(views):
            context = self._search.context_of(frame)
            if self.mapping:
                place_ids[number] = self._add(
                    descriptor, stamp_ns=frame.stamp_ns, frame_id=frame.frame_id, pose=frame.pose,
                    travelled_m=frame.travelled_m, context=mean if context.window else None,
                    revisit_of=spot.place_id if spot is not None else 0,
                    thumbnail=thumbnail(frame.image, self.settings.thumbnail_width_px),
                    patches=encode_patches(description.patches) | self.more_parts(frame),
                )
            context.push(description.global_descriptor)
        self._keyframes.added(first.frame, leading)
        return place_ids

    def _add(self, descriptor: FloatArray, **facts: Any) -> int:
        """Return the new place's id; 0 when it was not stored and somebody is told of that."""
        try:
            return self.place_map.add(descriptor, **facts).place_id
        except MapError as error:
            if self.map_failed is None:
                raise
            self.map_failed(error)
            return 0

    def _set_budget(self) -> None:
        most_bytes = int(self.settings.max_map_mb * 1e6)
        self.place_map.budget = Budget(self.settings.max_places, most_bytes)

    def _forget(self) -> None:
        for memory in self.memory:
            memory.reset()
        self.localization = None
        if self._relocalizer is not None:
            self._relocalizer.reset()


def _answer(
    frame: Frame, watch: Stopwatch, reason: Reason, matches: tuple[Match, ...] = (),
    probability: float = 0.0, place_id: int = 0, shed: int = 0,
) -> Recognition:
    return Recognition(
        stamp_ns=frame.stamp_ns, frame_id=frame.frame_id, matches=matches,
        probability=probability, reason=reason, place_id=place_id,
        travelled_m=frame.travelled_m, latency_ms=watch.latency_ms(), shed_candidates=shed,
    )
