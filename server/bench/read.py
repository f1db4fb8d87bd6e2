"""How long the reader takes over a question, beside llama_cpp's own completion of the same prompt."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
import psutil
from rich.console import Console

from server.accuracy.gold import read_gold
from server.bench.child import in_child
from server.bench.figures import Reading, ReadTime, Spread
from server.catalogue import Catalogue, find_catalogue
from server.filter import load_catalogue
from server.grammar import build_grammar
from server.interpret.model import LanguageModel, Written
from server.interpret.names import long_names
from server.interpret.prompt import build_prompt
from server.interpret.reader import Reader, ReaderSettings
from server.model.manifest import Decoding, Manifest, Model, read_manifest
from server.model.download import download
from server.phrases import read_phrases
from server.settings import Settings

FEW = 10
UNCOUNTED = 2


@dataclass(frozen=True, slots=True)
class _Weights:
    """What both readers are given."""

    file: Path
    adapter: Path | None
    decoding: Decoding
    threads: int


def measure_read(catalogue: Catalogue, settings: Settings, *, questions: int) -> Reading:
    """Read the first gold questions of the catalogue, and the first few with the peer too."""
    gold = read_gold(find_catalogue(catalogue.name).with_name("gold.jsonl"), catalogue)
    asked = [each.question for each in gold.questions[:questions]]
    few = asked[:FEW]
    ours, _ = in_child(_read_ours, catalogue.name, settings, asked)
    ours_on_few, our_texts = in_child(_read_ours, catalogue.name, settings, few)
    peer, their_texts = in_child(_read_peer, catalogue.name, settings, few)
    weights = _weights(catalogue, settings)
    return Reading(
        model=weights.file.stem,
        adapter="" if weights.adapter is None else weights.adapter.name,
        threads=weights.threads,
        ours=ours,
        ours_on_few=ours_on_few,
        peer=peer,
        ratio=round(
            peer.processor_seconds_per_question / ours_on_few.processor_seconds_per_question, 2
        ),
        same=sum(a == b for a, b in zip(our_texts, their_texts, strict=True)),
    )
