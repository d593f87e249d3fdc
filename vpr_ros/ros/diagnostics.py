# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of the node as diagnostic_msgs: three statuses that say what is wrong, if anything.

``images`` is about what comes in, ``recognition`` about what is made of it and how fast, ``map``
about what it is compared with. :mod:`vpr_ros.ros.updater` publishes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from vpr_ros.file_watch import Fate
from vpr_ros.ros.statistics import Snapshot

PARTS = ('images', 'recognition', 'map')
SILENCE_S = 3.0
_FATES = {Fate.GONE: 'deleted', Fate.REPLACED: 'replaced'}
FOREIGN_CLOCK_MS = 3.6e6  # an image an hour old carries another clock's stamp: a bag, most likely


@dataclass(frozen=True)
class Facts:
    """What the diagnostics tell beyond the counted figures.

    Attributes:
        node: fully qualified name of the node.
        active: the life cycle is in the state active.
        mode: ``mapping`` or ``localization``.
        lockstep: every image is to be processed.
        image_topic: the resolved topic.
        publishers: how many publishers it has.
        mismatch: why none of them can be heard, '' when one can.
        odometry: in words.
        camera: in words.
        provider, provider_warning: where the model runs, and why not where it was asked to.
        model: its name.
        map_path, map_uuid, places, sessions: of the map.
        forgotten: places that were removed from it to keep its budget.
        map_problem: why the last keyframe could not be stored, '' for none.
        patch_problem: why the map's places cannot be re-ranked though that is on, '' if they can.
        foreign_clock: stamps are from a clock that is not the node's.
        problem: the last unexpected error, '' for none.
        building: progress of a map being built, '' for none.
        image_format: size and encoding of the last image, '' before the first.
        publisher_names: the nodes that publish the images.
        camera_mismatch: why camera_info cannot be that of the images, '' when it can.
        odometry_silence_s: since the last odometry; 0 while none has come yet.
        map_file, model_file: what became of these files since they were opened.
        localization, lost: where in the map the robot is, in words, and whether it is lost.
        camera_problem: why a camera_info cannot be used to rectify, '' for none.
        incomplete: moments that one of several cameras has missed.
        namesakes: other nodes of the same full name.
    """

    node: str
    active: bool = False
    mode: str = 'mapping'
    lockstep: bool = False
    image_topic: str = ''
    publishers: int = 0
    mismatch: str = ''
    odometry: str = ''
    camera: str = ''
    provider: str = ''
    provider_warning: str = ''
    model: str = ''
    map_path: str = ''
    map_uuid: str = ''
    places: int = 0
    sessions: int = 0
    forgotten: int = 0
    map_problem: str = ''
    patch_problem: str = ''
    foreign_clock: bool = False
    problem: str = ''
    building: str = ''
    image_format: str = ''
    publisher_names: tuple[str, ...] = ()
    camera_mismatch: str = ''
    odometry_silence_s: float = 0.0
    localization: str = 'off'
    lost: bool = False
    camera_problem: str = ''
    incomplete: int = 0
    map_file: Fate = Fate.SAME
    model_file: Fate = Fate.SAME
    namesakes: int = 0


def statuses(figures: Snapshot, facts: Facts) -> dict[str, DiagnosticStatus]:
    """Return the status of each of :data:`PARTS`."""
    return dict(zip(
        PARTS, (_images(figures, facts), _recognition(figures, facts), _map(facts)), strict=True))


def _images(figures: Snapshot, facts: Facts) -> DiagnosticStatus:
    warnings, errors = [], []
    if facts.active and facts.mismatch:
        errors.append(f'{facts.image_topic}: {facts.mismatch}')
    elif not facts.active:
        warnings.append('the node is not active')
    elif figures.silence_s is None:
        who = f'{facts.publishers} publishers' if facts.publishers else 'nobody publishes it'
        warnings.append(f'no image yet on {facts.image_topic} ({who})')
    elif figures.silence_s > SILENCE_S:
        who = f'{facts.publishers} publishers' if facts.publishers else 'nobody publishes it'
        warnings.append(
            f'no image for {figures.silence_s:.0f} s on {facts.image_topic} ({who})'
        )
    if figures.errors_lately:
        warnings.append(
            f'{figures.errors_lately} images could not be taken: {figures.last_error}'
        )
    warnings += figures.notices
    if facts.camera_mismatch:
        warnings.append(facts.camera_mismatch)
    if facts.camera_problem:
        warnings.append(facts.camera_problem)
    if facts.active and facts.odometry_silence_s > SILENCE_S:
        warnings.append(f'no odometry for {facts.odometry_silence_s:.0f} s')
    if facts.lockstep and figures.dropped_lately:
        errors.append(f'{figures.dropped_lately} images were lost in lockstep: play slower')
    values = {
        'topic': facts.image_topic,
        'publishers': facts.publishers,
        'format': facts.image_format,
        'rate_hz': f'{figures.rate_hz:.2f}',
        'received': figures.received,
        'dropped': figures.dropped,
        'out_of_order': figures.out_of_order,
        'time_jumps': figures.time_jumps,
        'incomplete_moments': facts.incomplete,
        'camera_info': facts.camera,
        'odometry': facts.odometry,
        'conversion_errors': sum(figures.errors.values()),
    }
    values |= {f'conversion_error: {name}': count for name, count in figures.errors.items()}
    return _status(warnings, errors, values)


def _recognition(figures: Snapshot, facts: Facts) -> DiagnosticStatus:
    warnings = [facts.provider_warning] if facts.provider_warning else []
    if facts.patch_problem:
        warnings.append(facts.patch_problem)
    errors = [facts.problem] if facts.problem else []
    if facts.namesakes:
        errors.append(f'{facts.namesakes} more nodes are called {facts.node}, so that results and '
                      f'services mix; start each in a namespace of its own')
    if facts.model_file is not Fate.SAME:
        warnings.append(f'the file of model {facts.model} is {_FATES[facts.model_file]}; the node '
                        f'goes on with the one that it loaded, a restart takes the new one')
    values: dict[str, Any] = {
        'model': facts.model,
        'provider': facts.provider,
        'processed': figures.processed,
        'processed_hz': f'{figures.processed_hz:.2f}',
        'last_reason': '' if figures.last_reason is None else figures.last_reason.name,
    }
    if figures.age_ms is not None:
        p50, p99 = figures.age_ms
        values |= {'age_ms_p50': f'{p50:.1f}', 'age_ms_p99': f'{p99:.1f}'}
    elif facts.foreign_clock:
        values['age_ms_p50'] = 'unknown: the stamps are of another clock (set use_sim_time?)'
    for stage, (p50, p99) in figures.latency_ms.items():
        values |= {f'{stage}_ms_p50': f'{p50:.2f}', f'{stage}_ms_p99': f'{p99:.2f}'}
    values |= {f'reason: {name}': count for name, count in sorted(figures.reasons.items())}
    return _status(warnings, errors, values)


def _map(facts: Facts) -> DiagnosticStatus:
    warnings: list[str] = []
    if facts.mode == 'localization' and facts.places == 0:
        warnings.append('the map is empty, so nothing can be recognised: load one with ~/load_map')
    values = {
        'mode': facts.mode, 'path': facts.map_path, 'uuid': facts.map_uuid,
        'places': facts.places, 'sessions': facts.sessions, 'forgotten': facts.forgotten,
        'building': facts.building, 'localization': facts.localization, 'lost': facts.lost,
    }
    if facts.lost:
        warnings.append(f'the robot does not know its place ({facts.localization}); drive on')
    errors = [f'mapping has stopped: {facts.map_problem}'] if facts.map_problem else []
    if facts.map_file is Fate.GONE:
        errors.append(f'{facts.map_path} was deleted while in use; call ~/save_map to write it '
                      f'again, or its places are lost when the node ends')
    elif facts.map_file is Fate.REPLACED and facts.mode == 'localization':
        warnings.append(f'{facts.map_path} was replaced by another file; call ~/load_map to take '
                        f'that one')
    elif facts.map_file is Fate.REPLACED:
        errors.append(f'{facts.map_path} was replaced by another file while in use; call '
                      f'~/save_map with another name, or the places of this map are lost')
    return _status(warnings, errors, values)


def _status(
    warnings: list[str], errors: list[str], values: dict[str, Any]
) -> DiagnosticStatus:
    level = DiagnosticStatus.ERROR if errors else (
        DiagnosticStatus.WARN if warnings else DiagnosticStatus.OK
    )
    return DiagnosticStatus(
        level=level, message='; '.join([*errors, *warnings]) or 'OK',
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
