"""How long the findings of a context take, anew and after a key. Run: python -m benchmarks findings."""

import json
import random
import statistics
import threading
import time
from datetime import date
from functools import partial

from workbench.bench.finding import find
from workbench.context.render import Renderer
from workbench.prompts.cases import Case
from workbench.prompts.tree import Files
from workbench.prompts.version import load_version

RUNS = 15
TODAY = date(2026, 1, 31)


def prose(characters, rng):
    words = [f"{rng.choice('bcdfghklmnprst')}{rng.choice('aeiou')}{number}" for number in range(6000)]
    lines, length = [], 0
    while length < characters:
        lines.append(" ".join(rng.choices(words, k=12)))
        length += len(lines[-1]) + 1
    return "\n".join(lines)[:characters]


def template(characters, rng):
    """A prompt of many sections, each with tags and expressions."""
    parts, length, number = ["system:\n"], 0, 0
    while length < characters:
        number += 1
        body = prose(900, rng)
        parts.append(
            f"<section{number}>\n{body}\n{{% if tone %}}Be {{{{ tone }}}}.{{% endif %}}\n</section{number}>\n"
        )
        length += len(parts[-1])
    return "".join([*parts, "user:\n<ticket>\n{{ ticket }}\n</ticket>\n{{ documents.rules }}\n"])


def made(of_template, of_document, key=""):
    rng = random.Random(1)
    front = "---\ninputs: {ticket: , tone: kind}\ndocuments: {rules: rules.txt}\n---\n"
    files = {
        "prompts/p.md": front + template(of_template, rng) + key,
        "prompts/rules.txt": prose(of_document, rng),
    }
    version = load_version(Files({path: text.encode() for path, text in files.items()}), "p")
    case = Case("first", {"ticket": prose(500, rng)})
    return version, case, Renderer(version, "1234567890").render(case.inputs)


def gaps_beside(work):
    """Return the milliseconds that a thread beside this work waits at most between two looks at the clock."""
    done, gaps = threading.Event(), []

    def look():
        before = time.perf_counter()
        while not done.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            gaps.append((now - before) * 1000)
            before = now

    looking = threading.Thread(target=look)
    looking.start()
    work()
    done.set()
    looking.join()
    return max(gaps)


def measured(of_template, of_document):
    """Return milliseconds: the first time, after a key, and how long a thread beside waited at most."""
    taken, beside = [], []
    for number in range(RUNS):
        version, case, context = made(of_template, of_document, f"{number} " * number)
        start = time.perf_counter()
        beside.append(gaps_beside(partial(find, version, case, context, [], {}, TODAY)))
        taken.append((time.perf_counter() - start) * 1000)
    return {
        "template_kb": of_template // 1000,
        "document_kb": of_document // 1000,
        "first_ms": round(taken[0], 1),
        "after_a_key_median_ms": round(statistics.median(taken[1:]), 1),
        "after_a_key_longest_ms": round(max(taken[1:]), 1),
        "first_wait_beside_ms": round(beside[0], 1),
        "median_wait_beside_ms": round(statistics.median(beside[1:]), 1),
    }


def main():
    for sizes in ((10_000, 10_000), (100_000, 10_000), (10_000, 5_000_000), (100_000, 5_000_000)):
        print(json.dumps(measured(*sizes)))


if __name__ == "__main__":
    main()
