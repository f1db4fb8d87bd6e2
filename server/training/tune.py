"""Trains the adapter: LoRA on the dequantised model, on this machine's processor, resumable."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch import nn

from server.catalogue import Catalogue
from server.interpret.names import Names, panel_names
from server.interpret.prompt import build_prompt
from server.phrases import Phrases
from server.spelling import spell
from server.training.questions import Example, generate
from server.training.weights import LORA_MODULES, read_model, write_adapter

IGNORED = -100
Tokenize = Callable[[str], list[int]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long and how hard to train; the defaults are what measured best (models/README.md)."""

    steps: int = 1500
    batch: int = 32
    rank: int = 32
    learning_rate: float = 1e-3
    warmup_steps: int = 40
    cooldown_share: float = 0.35
    seed: int = 1
    held_out: int = 200
    measure_every: int = 200
    save_every: int = 25
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training run stands: `exact` is the held-out share read exactly, when measured."""

    step: int
    steps: int
    loss: float
    tokens_per_second: float
    exact: float | None = None


@dataclass(frozen=True, slots=True)
class _Sequence:
    ids: tuple[int, ...]
    prompt_length: int


def tune(
    *,
    base: Path,
    catalogue: Catalogue,
    phrases: Phrases,
    tokenize: Tokenize,
    end: int,
    recipe: Recipe,
    folder: Path,
    adapter: Path,
    report: Callable[[Progress], None],
    skip: frozenset[str] = frozenset(),
) -> None:
    """Train, with checkpoints in `folder` (an interrupted run goes on), and write the GGUF adapter.

    `skip` holds questions that must not be trained on: those of every gold file.
    """
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    model = _with_lora(base, recipe)
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad],
        lr=recipe.learning_rate,
        weight_decay=0.0,
    )
    first = _resume(folder, model, optimizer)
    names = panel_names(catalogue)
    held_out = _held_out(catalogue, phrases, names, tokenize, end, recipe)
    questions = {example.question for example, _ in held_out} | skip
    stream = _training_stream(catalogue, phrases, names, tokenize, end, recipe, questions)
    batches = _batches(stream, recipe, first)
    for step in range(first, recipe.steps):
        started = time.perf_counter()
        batch = next(batches)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate_at(step, recipe)
        loss = _loss(model, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done = step + 1
        exact = None
        if done % recipe.measure_every == 0 or done == recipe.steps:
            exact = exact_share(model, [sequence for _, sequence in held_out])
        if done % recipe.save_every == 0 or done == recipe.steps:
            _save(folder, model, optimizer, done)
        tokens = sum(len(s.ids) for s in batch)
        report(
            Progress(
                done, recipe.steps, loss.item(), tokens / (time.perf_counter() - started), exact
            )
        )
    write_adapter(adapter, _lora_of(model), alpha=float(2 * recipe.rank), base=base.name)


def learning_rate_at(step: int, recipe: Recipe) -> float:
    """Warm-up, a constant stretch, then a linear way down to nothing."""
    warm = min(1.0, (step + 1) / recipe.warmup_steps)
    cooldown = max(1, int(recipe.steps * recipe.cooldown_share))
    left = (recipe.steps - step) / cooldown
    return recipe.learning_rate * warm * min(1.0, left)


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is untyped here
def exact_share(model: Any, sequences: Sequence[_Sequence]) -> float:
    """The share of sequences whose every target token is the likeliest: greedy reading is exact."""
    model.eval()
    right = 0
    for start in range(0, len(sequences), 32):
        logits, targets, owners = _target_logits(model, sequences[start : start + 32])
        wrong = owners[logits.argmax(-1) != targets]
        right += min(32, len(sequences) - start) - len(set(wrong.tolist()))
    model.train()
    return right / max(1, len(sequences))


def _with_lora(base: Path, recipe: Recipe) -> Any:
    model = read_model(base).to(torch.bfloat16)
    config = LoraConfig(
        r=recipe.rank, lora_alpha=2 * recipe.rank, target_modules=list(LORA_MODULES)
    )
    lora = get_peft_model(model, config)
    for parameter in lora.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    # Compiled layers train 1.4 times as fast on two cores; compiling them takes three minutes.
    for layer in lora.base_model.model.model.layers:
        layer.compile(dynamic=True)
    return lora


def _loss(model: Any, batch: Sequence[_Sequence]) -> torch.Tensor:
    logits, targets, _ = _target_logits(model, batch)
    return nn.functional.cross_entropy(logits, targets)


def _target_logits(
    model: Any, batch: Sequence[_Sequence]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits (targets, vocabulary) of the target tokens only, the targets, and whose they are."""
    width = max(len(s.ids) for s in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    targets = torch.full((len(batch), width), IGNORED)
    for row, sequence in enumerate(batch):
        ids[row, : len(sequence.ids)] = torch.tensor(sequence.ids)
        wanted = sequence.ids[sequence.prompt_length :]
        targets[row, sequence.prompt_length - 1 : len(sequence.ids) - 1] = torch.tensor(wanted)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.base_model.model.model(input_ids=ids).last_hidden_state
    chosen = targets != IGNORED
    head = model.base_model.model.lm_head.weight
    logits = (hidden[chosen].to(head.dtype) @ head.T).float()
    owners = chosen.nonzero()[:, 0]
    return logits, targets[chosen], owners


def _encode(example: Example, names: Names, tokenize: Tokenize, end: int) -> _Sequence:
    prompt = tokenize(build_prompt(example.question, names.find(example.question)))
    target = tokenize(spell(example.reading))
    return _Sequence((*prompt, *target, end), len(prompt))


def _held_out(
    catalogue: Catalogue,
    phrases: Phrases,
    names: Names,
    tokenize: Tokenize,
    end: int,
    recipe: Recipe,
) -> list[tuple[Example, _Sequence]]:
    stream = generate(catalogue, phrases, seed=recipe.seed + 1_000_003)
    return [
        (example, _encode(example, names, tokenize, end))
        for example, _ in zip(stream, range(recipe.held_out), strict=False)
    ]


def _training_stream(
    catalogue: Catalogue,
    phrases: Phrases,
    names: Names,
    tokenize: Tokenize,
    end: int,
    recipe: Recipe,
    skip: set[str],
) -> Iterator[_Sequence]:
    for example in generate(catalogue, phrases, seed=recipe.seed):
        if example.question not in skip:
            yield _encode(example, names, tokenize, end)


def _batches(stream: Iterator[_Sequence], recipe: Recipe, first: int) -> Iterator[list[_Sequence]]:
    """Batches of like lengths: a pool is sorted and its batches shuffled."""
    pool_batches = 32
    rng = random.Random(recipe.seed)  # noqa: S311  (reproducible, not secret)
    given = 0
    while True:
        pool = sorted(
            (next(stream) for _ in range(pool_batches * recipe.batch)), key=lambda s: len(s.ids)
        )
        batches = [pool[i : i + recipe.batch] for i in range(0, len(pool), recipe.batch)]
        rng.shuffle(batches)
        for batch in batches:
            if given >= first:
                yield batch
            given += 1


def _lora_of(model: Any) -> dict[str, torch.Tensor]:
    state = get_peft_model_state_dict(model)
    return {name.removeprefix("base_model.model."): value for name, value in state.items()}


def _save(folder: Path, model: Any, optimizer: torch.optim.Optimizer, step: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / "checkpoint.pt.part"
    state = {
        "step": step,
        "lora": get_peft_model_state_dict(model),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(state, part)
    part.replace(folder / "checkpoint.pt")


def _resume(folder: Path, model: Any, optimizer: torch.optim.Optimizer) -> int:
    checkpoint = folder / "checkpoint.pt"
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    set_peft_model_state_dict(model, state["lora"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
