# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The middle of the pipeline: descriptor -> centre -> search -> re-rank, for one or several views.

Views are the images of one moment, one for each camera. Every camera of a rig has a context of its
own: what its last keyframes have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vpr_ros.cameras.fusion import Candidate, fuse, merged, View, YawOf
from vpr_ros.context import centred, Context
from vpr_ros.decision.recency import first_recent
from vpr_ros.keyframes import NO_IMAGE
from vpr_ros.place_map import PlaceMap
from vpr_ros.rerank.stage import RerankStage
from vpr_ros.settings import Settings
from vpr_ros.stopwatch import Stopwatch
from vpr_ros.types import Description, Frame, Ranked


class Found(NamedTuple):
    """What the map holds for one moment.

    Attributes:
        views: the images, each with its descriptor and its own candidates.
        candidates: of all views, best first.
        ranked: as re-ranking orders them.
        seen_by: place id -> number of the view that it is compared with; 0 where it is missing.
        shed: candidates that were not re-ranked because the deadline was near.
    """

    views: list[View]
    candidates: list[Candidate]
    ranked: list[Ranked]
    seen_by: dict[int, int]
    shed: int


class Search:
    """Searches a map and re-ranks; holds the contexts of the cameras.

    Attributes:
        place_map: is searched.
        reranker: None without re-ranking.
        yaw_of: optical frame -> where its camera looks; None when the robot has one camera.
    """

    def __init__(self, place_map: PlaceMap) -> None:
        """Begin without a re-ranker."""
        self.reranker: RerankStage | None = None
        self.yaw_of: YawOf | None = None
        self.replace_map(place_map)

    def replace_map(self, place_map: PlaceMap) -> None:
        """Search another map, which says over how many keyframes descriptors are centred."""
        self.place_map = place_map
        self.context = Context(place_map.context.window)
        self._of_camera: dict[str, Context] = {}

    def reset(self) -> None:
        """Forget the keyframes."""
        self.context.reset()
        self._of_camera = {}

    def contexts(self) -> dict[str, Context]:
        """Return the contexts by camera; with one camera that of the name ''."""
        return {'': self.context} if self.yaw_of is None else dict(self._of_camera)

    def context_of(self, frame: Frame) -> Context:
        """Return the context of a frame's camera; a single camera has one, whatever its name."""
        if self.yaw_of is None:
            return self.context
        return self._of_camera.setdefault(frame.frame_id, Context(self.context.window))

    def __call__(
        self, described: Sequence[tuple[Frame, Description]], settings: Settings,
        watch: Stopwatch, *, mapping: bool,
    ) -> Found:
        """Look a moment up.

        Args:
            described: frame and description of each view, the leading camera first.
            settings: ``candidates`` and what counts as recent.
            watch: books the stages.
            mapping: leave out recent places.
        """
        views = [self._view(frame, description, settings, watch, mapping=mapping)
                 for frame, description in described]
        seen_by: dict[int, int] = {}
        if len(views) == 1:
            candidates = views[0].candidates
        else:
            candidates, seen_by = fuse(views, self.place_map, self.yaw_of or (lambda _: None))
            candidates = candidates[:settings.candidates]
        watch.lap('search')
        ranked, shed = self.rank(views, candidates, seen_by, watch)
        return Found(views, candidates, ranked, seen_by, shed)

    def rank(
        self, views: Sequence[View], candidates: list[Candidate], seen_by: dict[int, int],
        watch: Stopwatch,
    ) -> tuple[list[Ranked], int]:
        """Re-rank each view's candidates with its own patches; how many were shed."""
        if self.reranker is None:
            return [(place, similarity, None) for place, similarity in candidates], 0
        rankings, shed = [], 0
        for number, view in enumerate(views):
            own = [c for c in candidates if seen_by.get(c[0].place_id, 0) == number]
            ranked, left = self.reranker(
                view.description.patches, own, self.place_map.patches, watch.remaining_s)
            rankings.append(ranked)
            shed += left
        watch.lap('rerank')
        return rankings[0] if len(rankings) == 1 else merged(rankings), shed

    def _view(
        self, frame: Frame, description: Description, settings: Settings, watch: Stopwatch, *,
        mapping: bool,
    ) -> View:
        plain = description.global_descriptor
        context = self.context_of(frame)
        mean = context.mean(plain)
        descriptor = centred(plain, mean) if context.window else plain
        watch.lap('describe')
        below_id = None
        if mapping:
            below_id = first_recent(self.place_map, frame, descriptor, settings)
        neighbours = self.place_map.search(descriptor, settings.candidates, below_id=below_id)
        candidates = [(neighbour.place, neighbour.similarity) for neighbour in neighbours]
        watch.lap('search')
        return View(frame, description, descriptor, mean, candidates)

    def alone(
        self, description: Description, count: int, watch: Stopwatch
    ) -> tuple[list[Candidate], list[Ranked], int]:
        """Look a single image up, without its drive: centred on the map's own mean context."""
        descriptor = description.global_descriptor
        if self.context.window:
            descriptor = centred(descriptor, self.place_map.context.mean)
        watch.lap('describe')
        candidates = [(neighbour.place, neighbour.similarity)
                      for neighbour in self.place_map.search(descriptor, count)]
        watch.lap('search')
        view = View(Frame(NO_IMAGE, 0), description, descriptor, descriptor, candidates)
        ranked, shed = self.rank([view], candidates, {}, watch)
        return candidates, ranked, shed
