# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The page of the claims, made of the cells alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
import dataclasses
import textwrap

import numpy as np

from training.claims.cells import Cell, cells_of, FLOORS, NIGHT, SETS, WEATHER
from training.claims.papers import Claim, CLAIMS
from training.claims.scale import FULL, Scale, TOWER_HELD_OUT
from training.claims.towns import RADIUS_M, TRAINED, UNSEEN
from training.claims.variants import VARIANTS
from training.claims.verdict import difference, hits, HOLDS, NOISE, NOT, NOT_RUN, verdict

WIDTH = 99  # of the page's text


def page(cells: Sequence[Cell], scale: Scale) -> str:
    """Write the page as Markdown."""
    sets = [name for name in SETS if scale.tower or name != FLOORS]
    lines = [*_head(cells, scale, sets), *_measured(cells, scale, sets), *_compared(cells, sets),
             *_reading(cells, sets), *_conditions(scale)]
    return '\n'.join(part for line in lines for part in _wrapped(line)) + '\n'


def _wrapped(line: str) -> list[str]:
    """Wrap a paragraph or an item of a list to the page's width; leave tables as they are."""
    if len(line) <= WIDTH or line.startswith('|'):
        return [line]
    return textwrap.wrap(line, WIDTH, subsequent_indent='  ' if line.startswith('- ') else '',
                         break_long_words=False, break_on_hyphens=False)


def _head(cells: Sequence[Cell], scale: Scale, sets: Sequence[str]) -> Iterator[str]:
    wanted = set(cells_of(scale))
    done = [cell for cell in cells if (cell.variant, cell.seed) in wanted]
    asked = {name: len(cell.hits[name][1]) for cell in done for name in sets}
    counts = ', '.join(f'{name} {asked.get(name, 0)}' for name in sets)
    trained = sum(VARIANTS[cell.variant].trained for cell in done)
    yield "# The papers' claims, tried here"
    yield ''
    yield ('This page lets you see which claims of the papers hold at a scale that two cores '
           'manage in half an hour, and which do not.')
    yield ''
    yield ('It is printed by this command. A run that is stopped goes on where it was, and with '
           '`--cells _0`, `--cells _1` and so on, after the images are drawn, a process does one '
           'seed:')
    yield ''
    yield '```'
    yield ('python -m training claims --out runs/claims '
           + ('--page runs/claims/claims.md' if _is_full(scale) else '--quick'))
    yield '```'
    yield ''
    yield (f'Done: {len(done)} of {len(wanted)} cells (a variant with a seed), {trained} of them '
           f'trainings of {scale.steps} steps; {sum(c.cpu_s for c in done) / 60:.0f} minutes of '
           f'processor time for all. Queries: {counts}. A comparison of methods under equal, '
           f"very short trainings on small images: **no figure here is one of the papers' data "
           f'sets, nor of the bundled models**.')
    yield ''


def _is_full(scale: Scale) -> bool:
    return dataclasses.replace(scale, weights=FULL.weights, tower=FULL.tower) == FULL


def _measured(cells: Sequence[Cell], scale: Scale, sets: Sequence[str]) -> Iterator[str]:
    yield '## Recall'
    yield ''
    yield ('Recall@1 in percent, mean and standard deviation over seeds; in brackets recall@5. '
           'Descriptors as they are, neither whitened nor centred.')
    yield ''
    yield f'| variant | numbers | seeds | {" | ".join(sets)} |'
    yield f'|---|---|---|{"---|" * len(sets)}'
    for key, variant in VARIANTS.items():
        own = [cell for cell in cells if cell.variant == key and cell.seed in scale.seeds]
        row = [variant.title, str(own[0].dim) if own else '', str(len(own))]
        yield '| ' + ' | '.join(row + [_recall(own, name) for name in sets]) + ' |'
    yield ''


def _recall(cells: Sequence[Cell], name: str) -> str:
    if not cells:
        return NOT_RUN
    first, five = (100 * np.array([cell.recall(name, at) for cell in cells]) for at in (1, 5))
    deviation = f' ± {first.std(ddof=1):.1f}' if len(cells) > 1 else ''
    return f'{first.mean():.1f}{deviation} ({five.mean():.1f})'


def _compared(cells: Sequence[Cell], sets: Sequence[str]) -> Iterator[str]:
    yield '## Claims'
    yield ''
    yield ('Differences of recall@1 in points, and what may be chance: twice the standard error '
           'over queries and seeds. Neighbouring queries resemble each other and seeds are few, '
           'so it is rather too small.')
    yield ''
    yield f'| claim | in the paper | {" | ".join(sets)} |'
    yield f'|---|---|{"---|" * len(sets)}'
    for claim in CLAIMS:
        row = [claim.text, f'{claim.figures[0] - claim.figures[1]:+.1f}']
        yield '| ' + ' | '.join(row + [_found(cells, claim, name) for name in sets]) + ' |'
    yield ''
    yield "The papers' figures are recall@1 of:"
    yield ''
    for where in dict.fromkeys(claim.where for claim in CLAIMS):
        texts = [f'{claim.figures[0]:g} against {claim.figures[1]:g}' for claim in CLAIMS
                 if claim.where == where]
        yield f'- {where}: {"; ".join(dict.fromkeys(texts))}.'
    yield ''


def _found(cells: Sequence[Cell], claim: Claim, name: str) -> str:
    one, other = (hits(cells, key, name) for key in (claim.one, claim.other))
    if not len(one) or not len(other):
        return NOT_RUN
    found = difference(one, other)
    return (f'{100 * found.mean:+.1f} ± {100 * found.noise:.1f}: '
            f'**{verdict(found, claim.kind)}**')


def _reading(cells: Sequence[Cell], sets: Sequence[str]) -> Iterator[str]:
    """Say what the table says, in lists; computed, as the rest."""
    found = {claim.text: {name: _found(cells, claim, name).rpartition(': ')[2].strip('*')
                          for name in sets} for claim in CLAIMS}
    count = Counter(word for of in found.values() for word in of.values())
    yield (f'Of {sum(count.values())} comparisons {count[HOLDS]} hold, {count[NOT]} do not, '
           f'{count[NOISE]} are within noise, {count[NOT_RUN]} were not run.')
    yield ''
    for word, title in ((NOT, 'What does not hold at this scale'),
                        (NOISE, 'What this scale cannot decide')):
        lines = [f'- {text}: {", ".join(n for n in sets if of[n] == word)}.'
                 for text, of in found.items() if word in of.values()]
        if lines:
            yield from (f'{title}:', '', *lines, '')


def _conditions(scale: Scale) -> Iterator[str]:
    yield '## How it was made'
    yield ''
    yield (f'- Asked, never trained on: {len(scale.held_out_towns)} rendered towns, every frame '
           f'against all frames by day of both, right within {RADIUS_M:g} m and 45 degrees. '
           f'*{NIGHT}*: a light that is trained on, in other towns. *{WEATHER}*: '
           f'{" and ".join(UNSEEN)}, which no training sees.')
    if scale.tower:
        yield (f'- *{FLOORS}*: real images of the held-out floors {", ".join(TOWER_HELD_OUT)}, '
               f'every frame against all others; right is 2 to 3 seconds away in the same walk, '
               f'nearer ones are left out.')
    tower = f' and the floors {", ".join(scale.tower_floors)} of ie_tower' if scale.tower else ''
    yield (f'- Trained on: {len(scale.towns)} other towns, each driven {len(TRAINED)} times '
           f'({", ".join(TRAINED)}), a frame every {scale.spacing_m:g} m{tower}.')
    yield (f'- Network: SqueezeNet 1.1 with ImageNet weights, images of {scale.width} x '
           f'{scale.height}, NetVLAD with {scale.clusters} clusters, no projection. Trained are '
           f'the stages from {scale.train_from} on and the pooling; the stages before keep their '
           f'ImageNet weights and are computed for every image like the rest, in bfloat16.')
    yield (f'- Training: tuples of 1 query, 1 positive, {scale.negatives} negatives, '
           f'{scale.batch} a step; {scale.rounds} rounds of {scale.round_queries} queries, mined '
           f'anew before each. AdamW, 1e-4 for the backbone and 3e-4 for the pooling, falling to '
           f'0 over the last third, the same for all; the papers took SGD or Adam, ten negatives, '
           f'and many thousand steps. No augmentation, the last weights are taken. Constants of '
           f"the losses are the papers': margin 0.1 on squared distances, 0.7 for contrastive, "
           f'Gaussian kernels of scale 1.')
    yield (f'- Mining: full looks through up to {scale.pool} random negatives of each query and '
           f'the 10 remembered, partial through {scale.shared_pool} that all queries of a round '
           f'share.')
    yield ('- Pairs: positives lie within 5 m and look the same way. *Of other drives* they were '
           'seen in another light, *of the same drive* in the same; the images are the same ones. '
           'All other trainings on towns take other drives. The paper tried this with max, here '
           'it is NetVLAD.')
    yield ('- Off the shelf, NetVLAD has clusters of the training images, as the trained ones '
           'begin with.')
    yield ('- *Within noise* is no proof of equality, and a claim that does not hold here '
           "may hold at the papers' scale.")
