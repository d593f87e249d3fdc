# SPDX-FileCopyrightText: 2026 The vpr_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The training loop. A killed run that is started again ends with the same weights.

What a step does depends only on (seed, step), the weights, the optimiser and what its batches
remember, so a checkpoint needs no state of random generators besides these.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
import time
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from training import checkpoint
from training.batch import Batch, Batches
from training.making import make_parts, Parts
from training.model import PlaceNetwork
from training.objective import centred
from training.optimisation import follow, freeze_statistics, make_optimiser, rate_factor
from training.parallel import join_team, Team
from training.precision import Precision
from training.progress import Progress, Report
from training.recipe import Recipe
from training.recipe_file import dump_recipe
from training.run_folder import RunFolder
from training.validation import Selection

INPUT_HEIGHT, INPUT_WIDTH = 240, 320
REPORT_EVERY = 20
FORMAT = 2  # of last.pt
_SEED_STEP = 1_000_003  # a prime: steps of different seeds have seeds of their own


class Trainer:
    """One run in one folder.

    Args:
        recipe: all settings.
        folder: see :class:`training.run_folder.RunFolder`; a run that lies there is gone on with.
        report: is given one line at a time.

    Attributes:
        network: as it is trained.
        average: its running average, by name of the weight; that is validated and exported.
        step: steps done.
        selection: how the validations went.
    """

    def __init__(self, recipe: Recipe, folder: Path, report: Report = print) -> None:
        cv2.setNumThreads(0)
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.team: Team = join_team(recipe.device)
        self.precision = Precision(recipe.precision, self.team.device)
        self.progress = Progress(report if self.team.first else None)
        self.folder = RunFolder(folder, writes=self.team.first)
        state = self.folder.load_last(recipe)
        self.parts: Parts = make_parts(recipe, folder, self.team, self.precision, self.progress,
                                       fresh=state is None)
        self.network: PlaceNetwork = self.parts.network
        self.batches: Batches = self.parts.batches
        if state is not None:
            self.network.load_state_dict(state['network'])
        self.optimizer = make_optimiser(recipe, self.network, self.parts.objective)
        self.average = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        self.step, self.seconds, self.selection = 0, 0.0, Selection()
        self._losses: list[float] = []
        if state is not None:
            self._restore(state)
        self.network.train()
        if recipe.batch_statistics == 'frozen':
            freeze_statistics(self.network)
        self._ahead: tuple[int, Future[Any]] | None = None
        self._maker = ThreadPoolExecutor(1)
        self.folder.begin(recipe, step=self.step, processes=self.team.size,
                          device=str(self.team.device))
        for note in self.folder.notes:
            self.progress.say(note)

    @property
    def total(self) -> int:
        """Steps of the whole run."""
        return self.batches.total

    @property
    def epoch(self) -> int:
        """Epoch of the next step, from 0."""
        return self.step // self.batches.epoch_steps

    @property
    def finished(self) -> bool:
        """Whether all steps are done, or recall@5 has not become better for long enough."""
        patience = self.recipe.patience
        return self.step >= self.total or bool(patience and self.selection.since >= patience)

    def make_batch(self, step: int) -> tuple[Batch, Tensor]:
        """Make a batch, and this process's images of it, uint8 (own, H, W, 3)."""
        batch = self.batches.make(step)
        own = self.team.part(batch.size)
        return batch, torch.from_numpy(batch.images(own))

    def train_step(self) -> float:
        """One step of the optimiser; returns the loss."""
        recipe, step = self.recipe, self.step
        self.batches.prepare(step)
        batch, images = self._next_batch(step)
        torch.manual_seed(recipe.seed * _SEED_STEP + step)
        factor = rate_factor(recipe, step, self.total, self.epoch)
        for group in self.optimizer.param_groups:
            group['lr'] = group['initial_lr'] * factor
        with self.precision.context():
            vlad = self.network.aggregate(images.to(self.team.device))
        descriptors = self.network.project(vlad) if recipe.learn_projection else vlad
        together = self.team.join_rows(descriptors, batch.size)
        loss = centred(self.parts.objective, together, batch, recipe.centred_share)
        self._learn(loss)
        follow(self.average, self.network, min(recipe.average, (1 + step) / (10 + step)))
        with torch.no_grad():
            found = self.team.join_rows(self.network.project(vlad), batch.size)
            self.batches.remember(batch, found.cpu().numpy())
        self.step += 1
        return float(loss.detach())

    def run(self) -> None:
        """Train to the end; validate after every epoch, save there and every ``save_every``."""
        start, before = time.monotonic(), self.seconds
        if self.step == 0 and self.parts.validation is not None:
            self.progress.say(f'step 0: {self.validate()}')
        bar = self.progress.bar(self.total, 'training', self.step)
        while not self.finished:
            self._losses.append(self.train_step())
            self.seconds = before + time.monotonic() - start
            bar.update()
            bar.set_postfix(loss=f'{self._losses[-1]:.4f}', refresh=False)
            at_end = self.step % self.batches.epoch_steps == 0 or self.step == self.total
            if at_end:
                self.validate_and_save()
            elif self.step % REPORT_EVERY == 0:
                self._log({})
            if not at_end and self.recipe.save_every and self.step % self.recipe.save_every == 0:
                self._save('last.pt')
                self.progress.say(f'saved at step {self.step}')
        bar.close()
        self.folder.close()
        if self.step < self.total:
            self.progress.say(f'stopped at step {self.step}: recall@5 was not better for '
                              f'{self.selection.since} validations')

    def validate(self) -> dict[str, float]:
        """Recalls of the averaged network."""
        if self.parts.validation is None:
            return {}
        network = PlaceNetwork(self.recipe.architecture)
        network.load_state_dict(self.average)
        return self.parts.validation(network.to(self.team.device).eval())

    def validate_and_save(self) -> None:
        """End an epoch: validate, log, and keep the best model and the last state."""
        found = self.team.share(self.validate())
        before, self.selection = self.selection.best, self.selection.after(found)
        self._log(found)
        if self.selection.best > before:
            self._save('best.pt')
        self._save('last.pt')

    def _next_batch(self, step: int) -> tuple[Batch, Tensor]:
        """Return the step's batch; begin the next beside it where it does not depend on it."""
        if self._ahead is not None and self._ahead[0] == step:
            made = self._ahead[1].result()
        else:
            made = self.make_batch(step)
        self._ahead = None
        if self.batches.independent(step + 1):
            self._ahead = (step + 1, self._maker.submit(self.make_batch, step + 1))
        return made

    def _learn(self, loss: Tensor) -> None:
        """Change the weights by the gradient of all processes."""
        self.optimizer.zero_grad(set_to_none=True)
        self.precision.backward(loss)
        self.team.add_gradients(self.network, whole=self.parts.objective)
        self.precision.unscale(self.optimizer)
        if self.recipe.clip:
            torch.nn.utils.clip_grad_norm_(self._parameters(), self.recipe.clip)
        self.precision.step(self.optimizer)

    def _parameters(self) -> Sequence[torch.nn.Parameter]:
        return [p for group in self.optimizer.param_groups for p in group['params']]

    def _log(self, recalls: dict[str, float]) -> None:
        """Write a line of metrics: mean loss since the last one, the head's rate, recalls."""
        rate = rate_factor(self.recipe, self.step - 1, self.total,
                           (self.step - 1) // self.batches.epoch_steps)
        loss = float(np.mean(self._losses)) if self._losses else float('nan')
        line = {'step': self.step, 'epoch': round(self.step / self.batches.epoch_steps, 4),
                'loss': loss, 'rate': self.recipe.head_rate * rate,
                'seconds': round(self.seconds), **recalls}
        self._losses.clear()
        self.folder.log(line)
        what = 'validation ' if recalls else ''
        self.progress.say(what + ' '.join(
            f'{f"recall@{name}" if name.isdecimal() else name} {value:.4g}'
            for name, value in line.items()))

    def _save(self, name: str) -> None:
        state = checkpoint.network_state(self.network)
        state |= {'average': self.average, 'step': self.step, 'best': self.selection.best,
                  'seconds': self.seconds, 'recipe': dump_recipe(self.recipe)}
        if name == 'last.pt':
            state |= {'format': FORMAT, 'optimizer': self.optimizer.state_dict(),
                      'objective': self.parts.objective.state_dict(),
                      'batches': self.batches.state_dict(), 'scaler': self.precision.state_dict(),
                      'losses': self._losses,
                      'selection': [self.selection.best_at_5, self.selection.since]}
        self.folder.save(name, state)

    def _restore(self, state: dict[str, Any]) -> None:
        self.optimizer.load_state_dict(state['optimizer'])
        device = self.team.device
        self.average = {name: value.to(device) for name, value in state['average'].items()}
        self.batches.load_state_dict(state.get('batches', state))  # earlier runs had them beside
        self.parts.objective.load_state_dict(state.get('objective', {}))
        self.precision.load_state_dict(state.get('scaler', {}))
        at_5, since = state.get('selection', (state['best'], 0))
        self.selection = Selection(state['best'], at_5, since)
        self._losses = list(state.get('losses', ()))
        self.step, self.seconds = state['step'], state['seconds']
        self.progress.say(f'resumed at step {self.step}')
