# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Changing what is in a map: sessions, corrected poses, forgetting; each one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
import sqlite3

from vpr_ros.errors import MapError
from vpr_ros.place_map import connection as sqlite
from vpr_ros.place_map import edits
from vpr_ros.place_map.budget import Budget
from vpr_ros.place_map.limits import check_facts, check_name
from vpr_ros.place_map.linking import link_again
from vpr_ros.place_map.pruning import choose, Pruned, PrunePolicy, ROW_BYTES
from vpr_ros.place_map.reader import MapReader
from vpr_ros.place_map.records import Session
from vpr_ros.place_map.statistics import Statistics, sum_rows
from vpr_ros.place_map.store import SessionRow
from vpr_ros.types import FloatArray, Pose

_BATCH = 4096
_ROUNDS = 4  # of pruning to a number of bytes: what the file frees is only known afterwards


class MapEditor(MapReader):
    """The changing half of :class:`vpr_ros.place_map.PlaceMap`.

    Attributes:
        budget: how much the map may hold while it grows; see :class:`.budget.Budget`.
    """

    budget: Budget = Budget()

    # -- sessions -------------------------------------------------------------------------------

    def new_session(self, name: str = '', *, robot: str = '') -> Session:
        """Begin a drive, and end the one before; places are added to it from now on.

        Args:
            name: of the drive.
            robot: that drives.

        Raises:
            MapError: the map is read-only or cannot be written, or a name is too long.
        """
        check_name(name, 'the name of the session')
        check_name(robot, 'the name of the robot')
        with self._guard:
            session_id = self._next_session_id()
            rows = {session_id: SessionRow(name, robot)}
            if self._session_id is not None:
                rows[self._session_id] = self._sessions[self._session_id]._replace(closed=True)
            self._put_sessions(rows, 'begin a session')
            self._session_id = session_id
            return self._session(session_id)

    def go_on(self, session_id: int) -> Session:
        """Add places to the last session again, which was broken off.

        Raises:
            MapError: it is not the last one, or the map cannot be written.
        """
        with self._guard:
            if session_id != max(self._sessions, default=0):
                raise MapError(f'session {session_id} is not the last of map {self._path}; only '
                               f'that one can go on, begin a new one')
            row = self._sessions[session_id]._replace(closed=False)
            self._put_sessions({session_id: row}, 'go on with a session')
            self._session_id = session_id
            return self._session(session_id)

    def end_session(self) -> None:
        """End the drive; the next place begins another. Without one, nothing happens.

        Raises:
            MapError: the map cannot be written.
        """
        with self._guard:
            if self._session_id is not None:
                closed = self._sessions[self._session_id]._replace(closed=True)
                self._put_sessions({self._session_id: closed}, 'end the session')
                self._session_id = None

    def _put_sessions(self, rows: Mapping[int, SessionRow], doing: str) -> None:
        with self._transaction(doing):
            for session_id, row in sorted(rows.items()):
                self._store.put_session(session_id, row)
            state = self._state.changed()
            self._store.put_state(state)
        self._state = state
        self._sessions.update(rows)
        self._in_step = True

    # -- poses ----------------------------------------------------------------------------------

    def update_poses(self, poses: Mapping[int, Pose]) -> int:
        """Give places the poses that a SLAM back end has corrected, all of them or none.

        Args:
            poses: place id -> its pose.

        Returns:
            How many places have another pose now.

        Raises:
            MapError: a place does not exist, a pose is not finite, or the map cannot be written.
        """
        with self._guard:
            changed = {}
            with self._reading('update poses'):
                columns = self._view.columns
                for place_id, pose in sorted(poses.items()):
                    check_facts(0, '', pose, None)
                    row = columns.row(place_id)
                    if columns.place(row).pose != pose:
                        changed[row] = pose
            if not changed:
                return 0
            with self._transaction('update poses'):
                for row, pose in changed.items():
                    self._store.change_place(int(columns.ids[row]), pose=pose)
                poses_of = {int(columns.ids[row]): pose for row, pose in changed.items()}
                state, anew = edits.note(self._store, self._state, poses_of, poses_of,
                                         log=self._view.large)
                self._store.put_state(state)
            for row, pose in changed.items():
                columns.set_pose(row, pose)
            self._state = state
            self._in_step = True
            self._keep_view(now=anew)
            return len(changed)

    # -- forgetting -----------------------------------------------------------------------------

    def prune(self, policy: PrunePolicy, *, try_only: bool = False) -> Pruned:
        """Remove the places that the map can do without, in one transaction a round.

        Args:
            policy: what may go, see :mod:`vpr_ros.place_map.pruning`.
            try_only: say what would be removed, without removing it.

        Raises:
            MapError: the policy says nothing, or the map cannot be written.
        """
        policy.check()
        with self._guard:
            total = self._prune_once(policy, try_only=try_only)
            for _ in range(_ROUNDS):
                too_large = policy.max_bytes is not None and self.used_bytes > policy.max_bytes
                if try_only or not too_large:
                    break
                again = self._prune_once(replace(policy, redundant_similarity=None,
                                                 max_per_metre=None, never_matched_sessions=None))
                if not again.removed:
                    break
                counts = dict(total.counts)
                counts['budget'] = counts.get('budget', 0) + again.counts['budget']
                total = replace(total, counts=counts,
                                removed=sorted([*total.removed, *again.removed]))
            return total

    def remove(
        self, place_ids: Iterable[int], *, stand_ins: Mapping[int, int] | None = None,
        forgotten: bool = False,
    ) -> None:
        """Remove places with everything that belongs to them, in one transaction.

        Revisits of a place that goes become revisits of its stand-in, or else of the first of
        them. The normalisation is made anew from the places that stay.

        Args:
            place_ids: ids of places.
            stand_ins: place that goes -> earlier place that shows the same.
            forgotten: count them as forgotten to keep the budget.

        Raises:
            MapError: a place does not exist, or the map cannot be written.
        """
        with self._guard:
            gone = sorted(set(place_ids))
            with self._reading('remove places'):
                for place_id in gone:
                    self._view.columns.row(place_id)
            if not gone:
                return
            total, count = self._view.total.copy(), len(self._view) - len(gone)
            for start in range(0, len(gone), _BATCH):
                some = gone[start:start + _BATCH]
                total -= sum_rows(self._store.descriptors(some, self._model.dim))
            before = self._view.statistics
            statistics = before.renewed(total, count) if count else replace(
                Statistics.empty(self._model.dim), revision=before.revision + 1)
            thumbnails, patches = edits.part_bytes(self._store, gone)
            totals = edits.Totals(
                self._state.next_place_id, self._view.thumbnail_bytes - thumbnails,
                self._view.patch_bytes - patches, total)
            with self._transaction('remove places'):
                changed = link_again(self._store, self._view.columns, gone, stand_ins or {})
                self._store.remove_places(gone)
                self._store.put_statistics(statistics)
                if self._view.large:
                    edits.put_totals(self._store, totals)
                state, anew = edits.note(self._store, self._state, [*gone, *changed], changed,
                                         log=self._view.large)
                state = state.without(len(gone), forgotten=forgotten)
                self._store.put_state(state)
            self._view.remove(gone, totals=totals, statistics=statistics, revisits=changed)
            self._state = state
            self._in_step = True
            self._keep_view(now=anew)

    def compact(self) -> None:
        """Give the space of removed places back to the file system.

        Raises:
            MapError: the map is read-only, or there is no room for a copy beside it.
        """
        with self._reading('compact it'):
            self._check_writable('compact it')
            sqlite.vacuum(self._connection)

    @property
    def used_bytes(self) -> int:
        """Bytes of the file in use; space that removed places left is used by the next ones."""
        with self._reading('measure it'):
            return self._store.used_bytes()

    def _prune_once(self, policy: PrunePolicy, *, try_only: bool = False) -> Pruned:
        chosen = self._choose(policy)
        if not try_only:
            self.remove(chosen.removed, stand_ins=chosen.stand_ins)
        return chosen

    def _choose(self, policy: PrunePolicy) -> Pruned:
        with self._reading('prune it'):
            return choose(
                self.places(), policy, matches=self._store.matches(), unit_of=self._unit_of,
                sizes=self._store.part_bytes() + 2 * self._model.dim + ROW_BYTES,
                used_bytes=self._store.used_bytes(),
            )

    def _keep_budget(self) -> None:
        """Forget places when the map has outgrown its budget; called after each new place.

        What fails here fails again with the next place, and then for the user to see.
        """
        goal = self.budget.goal(self._state.places, self._store.used_bytes)
        if goal is not None:
            with suppress(MapError):
                self.remove(self._choose(goal).removed, forgotten=True)

    def _unit_of(self, place_id: int) -> FloatArray:
        halves = self._store.descriptors([place_id], self._model.dim)
        return self._view.statistics.unit_rows(halves)[0]

    # -- inside ---------------------------------------------------------------------------------

    def _keep_view(self, *, now: bool = False) -> None:
        """Keep the view beside the map when that is due; a full disk is no reason to stop."""
        if not self._in_step or not (now or self._view.keep_due):
            return
        with suppress(MapError, sqlite3.Error):
            if self._view.keep():
                with self._transaction('begin its log anew'):
                    edits.begin(self._store, self._state)
                self._in_step = True

    def _check_writable(self, doing: str) -> None:
        if self._read_only:
            raise MapError(f'map {self._path} is open read-only, cannot {doing}; open it for '
                           f'writing (mode mapping)')

    @contextmanager
    def _transaction(self, doing: str) -> Iterator[None]:
        """All or nothing, in the file and, through ``_in_step``, in memory."""
        with self._reading(doing):
            self._check_writable(doing)
            execute = self._connection.execute
            execute('BEGIN IMMEDIATE')
            try:
                yield
                self._in_step = False
                execute('COMMIT')
            except BaseException:
                if self._connection.in_transaction:
                    execute('ROLLBACK')
                    self._in_step = True
                raise
