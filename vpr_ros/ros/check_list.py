# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The start-up check-list: what a user would ask first, answered once in the log.

Is there a publisher, can it be heard, what does it send and how often, do model and map fit, how
old is a result? It is printed when the first images were processed. When none comes it is printed
for that reason, and once more when they do come.
"""

from __future__ import annotations

from vpr_ros.doctor import Finding, Level
from vpr_ros.ros.diagnostics import Facts
from vpr_ros.ros.statistics import Snapshot

PATIENCE_S = 10.0  # without an image, the list is printed after this time
ENOUGH = 10  # images that rate and latency are judged by ...
LONGEST_S = 5.0  # ... or those of this time, of a slow camera
SLOW_PART = 0.5  # of the images; when fewer are processed, the node is too slow for the camera
OLD_MS = 1000.0  # a result that is older than this is late for most back ends
_OK, _WARNING, _ERROR = Level.OK, Level.WARNING, Level.ERROR


class CheckList:
    """Decides when the list is due; one for each time that the node is configured."""

    def __init__(self) -> None:
        """Nothing was printed yet."""
        self._since_s: float | None = None
        self._first_s: float | None = None
        self._complained = self._done = False

    def due(self, figures: Snapshot, facts: Facts, now_s: float) -> str:
        """Return the list as text when it is to be printed now, else ''."""
        if self._done or not facts.active:
            return ''
        if self._since_s is None:
            self._since_s = now_s
        if figures.received and self._first_s is None:
            self._first_s = now_s
        if self._first_s is None:
            if self._complained or now_s - self._since_s < PATIENCE_S:
                return ''
            self._complained = True
        elif figures.processed < ENOUGH and now_s - self._first_s < LONGEST_S:
            return ''
        else:
            self._done = True
        return '\n'.join(['start-up check-list', *map(str, findings(figures, facts))])


def findings(figures: Snapshot, facts: Facts) -> list[Finding]:
    """Return the answers, one after the other."""
    found = [_publisher(facts), *_qos(facts)]
    if figures.received:
        found += [_images(figures, facts), _rate(figures), _latency(figures, facts)]
    return [*found, _camera_info(facts), *_odometry(facts), _model(facts), _map(facts),
            *_patches(facts), *_name(facts)]


def _publisher(facts: Facts) -> Finding:
    if not facts.publishers:
        return Finding(_ERROR, 'publisher', f'nobody publishes {facts.image_topic}',
                       'start the camera, or remap image to its topic; `vpr doctor` lists the '
                       'image topics that are there')
    if facts.publishers > 1:
        return Finding(_WARNING, 'publisher',
                       f'{facts.publishers} nodes publish {facts.image_topic}: '
                       f'{", ".join(facts.publisher_names)}',
                       'one camera to a topic: their images would be taken for one drive')
    return Finding(_OK, 'publisher', f'{facts.publisher_names[0]} publishes {facts.image_topic}')


def _qos(facts: Facts) -> list[Finding]:
    if not facts.publishers:
        return []
    if facts.mismatch:
        return [Finding(_ERROR, 'type and QoS', facts.mismatch,
                        'until that is mended no image is heard')]
    return [Finding(_OK, 'type and QoS', 'fit')]


def _images(figures: Snapshot, facts: Facts) -> Finding:
    if figures.processed:
        return Finding(_OK, 'images', facts.image_format)
    why = max(figures.errors, key=lambda sentence: figures.errors[sentence], default='')
    return Finding(_ERROR, 'images', f'none of {figures.received} could be taken',
                   why or 'see the diagnostics')


def _rate(figures: Snapshot) -> Finding:
    text = f'{figures.rate_hz:.1f} Hz arrive, {figures.processed_hz:.1f} Hz are processed'
    if figures.processed_hz < SLOW_PART * figures.rate_hz:
        return Finding(_WARNING, 'rate', text,
                       'the newest image is always taken; a smaller model, a preset such as fast, '
                       'or a GPU takes more of them')
    return Finding(_OK, 'rate', text)


def _latency(figures: Snapshot, facts: Facts) -> Finding:
    total = figures.latency_ms.get('total', (float('nan'),) * 2)
    text = f'{total[0]:.1f} ms of work for an image'
    if facts.foreign_clock:
        return Finding(_WARNING, 'latency', f'{text}; the stamps are not of this clock',
                       'for a bag played with --clock set use_sim_time:=true; otherwise '
                       'synchronise the clocks of camera and computer')
    if figures.age_ms is None:
        return Finding(_OK, 'latency', text)
    age_ms = figures.age_ms[0]
    text += f', {age_ms:.1f} ms from stamp to result'
    if age_ms > OLD_MS:
        return Finding(_WARNING, 'latency', text, 'look at the transport and at the clocks')
    return Finding(_OK, 'latency', text)


def _camera_info(facts: Facts) -> Finding:
    if facts.camera_mismatch:
        return Finding(_WARNING, 'camera_info', facts.camera_mismatch,
                       'publish the camera_info of this stream')
    return Finding(_OK, 'camera_info', facts.camera)


def _odometry(facts: Facts) -> list[Finding]:
    if facts.odometry == 'off':
        return [Finding(_OK, 'odometry', 'not used, time stands in for distance')]
    if facts.odometry.startswith('none'):
        return [Finding(_WARNING, 'odometry', facts.odometry,
                        'remap odom to your odometry, or set use_odometry:=false')]
    return [Finding(_OK, 'odometry', facts.odometry)]


def _model(facts: Facts) -> Finding:
    text = f'{facts.model} on {facts.provider}'
    if facts.provider_warning:
        return Finding(_WARNING, 'model', text, facts.provider_warning)
    return Finding(_OK, 'model', text)


def _map(facts: Facts) -> Finding:
    where = f'{facts.places} places in {facts.map_path}, built with this model'
    if facts.mode == 'localization' and not facts.places:
        return Finding(_WARNING, 'map', 'it is empty, so nothing can be recognised',
                       'load one with ~/load_map, or set map_path')
    return Finding(_OK, 'map', where)


def _patches(facts: Facts) -> list[Finding]:
    what, _, remedy = facts.patch_problem.partition('; ')
    return [Finding(_WARNING, 're-ranking', what, remedy)] if what else []


def _name(facts: Facts) -> list[Finding]:
    if not facts.namesakes:
        return []
    return [Finding(_ERROR, 'name', f'{facts.namesakes} more nodes are called {facts.node}',
                    'start each in a namespace of its own')]
