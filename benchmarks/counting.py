"""How long counts take: after a changed key, of a long document, and what past results add to them.

Each figure stands beside the time tiktoken alone takes for the same text. Run: python -m benchmarks counting.
"""

import itertools
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.typing import long_prompt
from tests.support.records import NOW, cell_of, contender_of, result_of
from workbench.context.messages import Context, Message, Origin, Segment
from workbench.models.calls import Usage
from workbench.models.correction import fitted
from workbench.models.model import Model
from workbench.models.tokens import Tokenizers
from workbench.store.store import Store

MODEL = Model("m", "openai/gpt-4o", exact=True)
RESULTS = 100_000


def milliseconds(work: Callable[[int], object], times: int = 20) -> float:
    taken = []
    for number in range(times):
        start = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


def context_of(text: str, document: str = "") -> Context:
    """Return a context of one message, a segment for every ten lines and one for a document at the end."""
    ends = [*[found.start() for found in re.finditer("\n", text)][::10], len(text)]
    if document:
        text += document
        ends.append(len(text))
    segments = tuple(
        Segment(Origin.TEMPLATE if at % 2 else Origin.INPUT, "", start, end)
        for at, (start, end) in enumerate(zip([0, *ends], ends, strict=False))
    )
    return Context((Message("user", text),), (segments,))


def edited(context: Context, number: int) -> Context:
    """Return the context after the n-th key, 50,000 characters into its text: one letter is another."""
    (message,) = context.messages
    middle = 50_000
    text = message.content[:middle] + chr(0x100 + number) + message.content[middle + 1 :]
    return replace(context, messages=(Message("user", text),))


def of_texts() -> None:
    counting = Tokenizers()
    encoding = counting.load("o200k_base")
    numbers = itertools.count()
    text = re.sub("^", lambda _: f"{next(numbers)} ", long_prompt(), flags=re.MULTILINE)  # no line twice
    lines = "".join(
        f"{number}. A line of a document that is read, not written.\n" for number in range(90_000)
    )
    for what, context in (
        ("100 KB", context_of(text)),
        ("100 KB in one line", context_of(text.replace("\n", " "))),
        ("and a 5 MB document", context_of(text, lines)),
        ("5 MB of template", context_of(text + lines)),
    ):
        text = context.messages[0].content
        alone = milliseconds(lambda _, text=text: encoding.encode_ordinary(text), 5)
        first = milliseconds(lambda _, context=context: counting.count(context, MODEL), 1)
        keys = [edited(context, number) for number in range(20)]
        after = milliseconds(lambda number, keys=keys: counting.count(keys[number], MODEL))
        print(
            f"{what:>19}, {len(context.segments[0]):3} segments: first {first:7.2f} ms, "
            f"after a changed key {after:6.2f} ms, tiktoken alone {alone:7.2f} ms"
        )
    run = context_of("a" * 200_000)
    first = milliseconds(lambda _: counting.count(run, MODEL), 1)
    print(f"200 KB of one letter: {first:.2f} ms")


def of_past_results() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "runs.db")
        _fill(store)

        def correction(_: int) -> object:
            return fitted(store.counts.observations("openai/mini", None))

        def typical(_: int) -> object:
            return store.counts.typical_output("p", "openai/mini", None)

        print(f"among {RESULTS:,} results: a correction {milliseconds(correction):.2f} ms, ", end="")
        print(f"typical output {milliseconds(typical):.2f} ms, ", end="")
        print(f"the largest errors {milliseconds(lambda _: store.counts.miscounts()):.2f} ms")
        store.close()


def _fill(store: Store) -> None:
    """Store runs of 1,000 results each, every one of another version."""
    for run in range(RESULTS // 1000):
        texts = [f"{run} {number}" for number in range(1000)]
        contender = contender_of(f"version {run}")
        cells = [
            cell_of(at, text, contender, estimated=at + 50, shown=at + 60, messages=1)
            for at, text in enumerate(texts)
        ]
        results = [
            result_of(text, "word " * 800, usage=Usage(round(1.17 * (at + 50)) + 11, 100), estimated=at + 50)
            for at, text in enumerate(texts)
        ]
        store.sources.keep_contexts([(Message("user", text),) for text in texts])
        store.sources.keep_cases({cell.case_hash: {} for cell in cells})
        number = store.runs.begin(cells, prompt="p", samples=1, cost_limit=None, now=NOW)
        store.runs.add_results(number, results)


def main() -> None:
    of_texts()
    of_past_results()


if __name__ == "__main__":
    main()
