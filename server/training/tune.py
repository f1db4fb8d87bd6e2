"""Trains the adapter: LoRA on the dequantised model, on this machine's processor, resumable."""

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from torch import nn

from server.catalogue import Catalogue
from server.errors import SetupError
from server.interpret.hints import Hints
from server.interpret.model import Tokenizer
from server.interpret.prompt import build_prompt
from server.phrases import Phrases
from server.spelling import spell
from server.training.questions import Example, held_out
from server.training.rounding import Rounding, rounded
from server.training.weights import LORA_MODULES, read_adapter, read_model, write_adapter
from server.training.whole import write_whole
from server.training.written import trained_on

IGNORED = -100
_POOL_BATCHES = 32
# Rounding all weights takes as long as half a step, and a few steps hardly move them.
_ROUND_EVERY = 10


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long and how hard to train; models/README.md says what was measured with it."""

    steps: int = 3000
    batch: int = 16
    rank: int = 32
    learning_rate: float = 6e-4
    warmup_steps: int = 40
    cooldown_share: float = 0.35
    seed: int = 1
    written_share: float = 0.6
    held_out: int = 200
    measure_every: int = 200
    save_every: int = 25
    threads: int = 2

    @property
    def alpha(self) -> float:
        """LoRA's scale: the adapter's product is multiplied by alpha / rank."""
        return 2.0 * self.rank


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training run stands: `exact` is the held-out share read exactly, when measured."""

    step: int
    steps: int
    loss: float
    tokens_per_second: float
    exact: float | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """One question with its reading as tokens; the loss is of what follows the prompt."""

    ids: tuple[int, ...]
    prompt_length: int


class Encoder:
    """Turns examples into tokens exactly as the reader does."""

    def __init__(self, hints: Hints, tokenizer: Tokenizer) -> None:
        self._hints = hints
        self._tokenizer = tokenizer

    def encode(self, example: Example) -> Tokens:
        """The prompt with its hints, the reading, and the end."""
        prompt = build_prompt(example.question, self._hints.find(example.question))
        before = [self._tokenizer.begin, *self._tokenizer.encode(prompt)]
        after = [*self._tokenizer.encode(spell(example.reading)), self._tokenizer.end]
        return Tokens((*before, *after), len(before))


def tune(
    *,
    base: Path,
    catalogue: Catalogue,
    phrases: Phrases,
    recipe: Recipe,
    folder: Path,
    adapter: Path,
    report: Callable[[Progress], None],
    start: Path | None = None,
    written: Sequence[Example] = (),
    skip: frozenset[str] = frozenset(),
) -> None:
    """Train, with checkpoints in `folder` (an interrupted run goes on), and write the GGUF adapter.

    `start` is an adapter to go on from; SetupError when the checkpoint in `folder` goes on from
    another. `written` are questions that nobody generated, of which `recipe.written_share` of the
    training consists.

    `skip` holds questions that must not be trained on: those of every gold file.
    """
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    encoder = Encoder(Hints(catalogue, phrases), Tokenizer(base))
    examples = trained_on(
        catalogue,
        phrases,
        written,
        skip=skip,
        share=recipe.written_share,
        seed=recipe.seed,
    )
    run = _Run(base, recipe, folder, start)
    batches = _batches(map(encoder.encode, examples), recipe, first=run.step)
    measured = list(map(encoder.encode, held_out(catalogue, phrases)[: recipe.held_out]))
    while run.step < recipe.steps:
        report(run.take(next(batches), measured))
    run.export(adapter, base.name)


class _Run:
    """A model in training with its optimizer, and the step it has reached."""

    def __init__(self, base: Path, recipe: Recipe, folder: Path, start: Path | None) -> None:
        self._recipe = recipe
        self._checkpoint = folder / "checkpoint.pt"
        self._model = _with_lora(base, recipe)
        self._trained = {n: p for n, p in self._model.named_parameters() if p.requires_grad}
        # Steps smaller than bfloat16 can hold add up here, where the model computes in that.
        self._whole = {name: p.detach().float() for name, p in self._trained.items()}
        self._rounding = Rounding(self._model)
        self._start = "" if start is None else hashlib.sha256(start.read_bytes()).hexdigest()
        self._optimizer = torch.optim.AdamW(
            self._whole.values(), lr=recipe.learning_rate, weight_decay=0.0
        )
        self.step = self._resume(start)

    def take(self, batch: Sequence[Tokens], measured: Sequence[Tokens]) -> Progress:
        """One step, with a checkpoint and a measurement when they are due."""
        started = time.perf_counter()
        loss = self._learn(batch)
        seconds = time.perf_counter() - started
        self.step += 1
        if self.step % _ROUND_EVERY == 0:
            self._round()
        ends = self.step == self._recipe.steps
        if ends or self.step % self._recipe.save_every == 0:
            self._save()
        exact = None
        if ends or self.step % self._recipe.measure_every == 0:
            exact = exact_share(self._model, measured)
        speed = sum(len(s.ids) for s in batch) / seconds
        return Progress(self.step, self._recipe.steps, loss, speed, exact)

    def export(self, adapter: Path, base: str) -> None:
        """Write the adapter for llama.cpp."""
        state = self._lora(self._whole)
        lora = {name.removeprefix("base_model.model."): value for name, value in state.items()}
        adapter.parent.mkdir(parents=True, exist_ok=True)
        write_adapter(adapter, lora, alpha=self._recipe.alpha, base=base)

    def _learn(self, batch: Sequence[Tokens]) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self._recipe)
        logits, targets, _ = _target_logits(self._model, batch)
        loss = nn.functional.cross_entropy(logits, targets)
        loss.backward()
        for name, parameter in self._trained.items():
            self._whole[name].grad = parameter.grad.float()
            parameter.grad = None
        nn.utils.clip_grad_norm_(self._whole.values(), 1.0)
        self._optimizer.step()
        self._copy()
        return float(loss.item())

    def _round(self) -> None:
        """Move the base to what rounding makes of the sum where training has come."""
        self._rounding.apply(self._whole, scale=self._recipe.alpha / self._recipe.rank)
        self._rounded = {name: weights.clone() for name, weights in self._whole.items()}

    def _copy(self) -> None:
        """Bring the model's own weights to where training has come."""
        for name, parameter in self._trained.items():
            parameter.data.copy_(self._whole[name])

    def _lora(self, weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return dict(get_peft_model_state_dict(self._model, state_dict=weights))

    def _save(self) -> None:
        state = {
            "step": self.step,
            "lora": self._lora(self._whole),
            # The base is where rounding put it then; a run that goes on must not move it earlier.
            "rounded": self._lora(self._rounded),
            "optimizer": self._optimizer.state_dict(),
            "start": self._start,
        }
        write_whole(self._checkpoint, lambda part: torch.save(state, part))

    def _resume(self, start: Path | None) -> int:
        if not self._checkpoint.exists():
            if start is not None:
                self._begin({f"base_model.model.{n}": v for n, v in read_adapter(start).items()})
            self._round()
            return 0
        state = torch.load(self._checkpoint, weights_only=True)
        if start is not None and state.get("start") != self._start:
            raise SetupError(
                f"{self._checkpoint} is of a run that does not go on from {start}: "
                "choose another folder with --folder"
            )
        self._begin(state.get("rounded", state["lora"]))
        self._round()
        self._begin(state["lora"])
        self._optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])

    def _begin(self, lora: Mapping[str, torch.Tensor]) -> None:
        """Go on from a LoRA state, by PEFT's names."""
        for name, weights in self._whole.items():
            weights.copy_(lora[name.replace(".default.", ".")])
        self._copy()


def learning_rate_at(step: int, recipe: Recipe) -> float:
    """Warm-up, a constant stretch, then a linear way down to nothing."""
    warm = min(1.0, (step + 1) / recipe.warmup_steps)
    cooldown = max(1, int(recipe.steps * recipe.cooldown_share))
    return recipe.learning_rate * warm * min(1.0, (recipe.steps - step) / cooldown)


def exact_share(model: Any, sequences: Sequence[Tokens], batch: int = 16) -> float:
    """The share of sequences whose every target token is the likeliest: greedy reading is exact.

    Gradients stay on and the model stays as in training, which has no dropout: the compiled layers
    would be compiled once more for anything else.
    """
    right = 0
    for start in range(0, len(sequences), batch):
        part = sequences[start : start + batch]
        logits, targets, owners = _target_logits(model, part)
        wrong = set(owners[logits.argmax(-1) != targets].tolist())
        right += len(part) - len(wrong)
    return right / max(1, len(sequences))


def quicker_type() -> torch.dtype:
    """The type that this processor multiplies faster, found by trying.

    bfloat16 where there are instructions for it; without them it is emulated (on an AMD EPYC with
    AVX2 alone 4 GFLOP/s where float32 had 31).
    """
    return min((torch.bfloat16, torch.float32), key=_seconds_to_multiply)


def _seconds_to_multiply(kind: torch.dtype) -> float:
    left, right = torch.ones(512, 640, dtype=kind), torch.ones(640, 2048, dtype=kind)
    least = float("inf")
    for _ in range(4):  # the first one prepares the kernels
        started = time.perf_counter()
        left @ right
        least = min(least, time.perf_counter() - started)
    return least


def _with_lora(base: Path, recipe: Recipe) -> Any:
    model = read_model(base)
    # The head is kept in few bits too, and apart from the embedding then.
    model.lm_head.weight = nn.Parameter(rounded(model.lm_head.weight.detach()))
    model = model.to(quicker_type())
    config = LoraConfig(
        r=recipe.rank, lora_alpha=int(recipe.alpha), target_modules=list(LORA_MODULES)
    )
    # All in one type: conversions between layers took a quarter of the time.
    lora = get_peft_model(model, config, autocast_adapter_dtype=False)
    # Compiled layers train 1.4 times as fast; compiling them takes a minute or two.
    # The layers share their code, so each of them may count as one recompilation of it.
    torch._dynamo.config.recompile_limit = 64
    for layer in lora.base_model.model.model.layers:
        layer.compile(dynamic=True)
    return lora


def _target_logits(
    model: Any, batch: Sequence[Tokens]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits (targets, vocabulary) of the target tokens only, the targets, and whose they are."""
    width = max(len(s.ids) for s in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    targets = torch.full((len(batch), width), IGNORED)
    for row, sequence in enumerate(batch):
        ids[row, : len(sequence.ids)] = torch.tensor(sequence.ids)
        wanted = sequence.ids[sequence.prompt_length :]
        targets[row, sequence.prompt_length - 1 : len(sequence.ids) - 1] = torch.tensor(wanted)
    hidden = model.base_model.model.model(input_ids=ids, use_cache=False).last_hidden_state
    chosen = targets != IGNORED
    head = model.base_model.model.lm_head.weight
    logits = (hidden[chosen] @ head.T).float()
    return logits, targets[chosen], chosen.nonzero()[:, 0]


def _batches(sequences: Iterator[Tokens], recipe: Recipe, *, first: int) -> Iterator[list[Tokens]]:
    """Batches of like lengths: a pool is sorted, cut into batches, and those are shuffled."""
    rng = random.Random(recipe.seed)  # noqa: S311  (reproducible, not secret)
    given = 0
    while True:
        pool = sorted(islice(sequences, _POOL_BATCHES * recipe.batch), key=lambda s: len(s.ids))
        batches = [pool[i : i + recipe.batch] for i in range(0, len(pool), recipe.batch)]
        rng.shuffle(batches)
        for batch in batches:
            if given >= first:
                yield batch
            given += 1
