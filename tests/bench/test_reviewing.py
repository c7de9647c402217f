"""The history of a prompt: what is listed, in which order, and what is found out about it."""

from __future__ import annotations

import sqlite3
from contextlib import aclosing
from random import Random

import pytest

from workbench.bench.bench import Bench
from workbench.bench.dueling import Dueling
from workbench.bench.entries import Entry, Listing, with_deltas
from workbench.bench.running import Request
from workbench.models.calls import Answer, Usage

SETTINGS = """\
models:
  lab: {model: openai/gpt-5.4-mini-2026-03-17, api_base: 'http://127.0.0.1:1/v1'}
defaults: {models: [lab]}
"""
PROMPT = '---\ninputs: {ticket: }\n---\nsystem:\nSort.\n{% include "_tone.md" %}\nuser:\n{{ ticket }}\n'


@pytest.fixture
async def bench(project, git, tmp_path):
    project.write(".workbench.yml", SETTINGS)
    project.write(".gitignore", ".workbench/\n")
    opened = Bench(project.root, {}, tmp_path / "personal")

    async def ask(call):
        yield Answer(
            f"{call.messages[0].content} {call.model.name}", finish="stop", usage=Usage(3, 1), model="m"
        )

    opened.gateway.ask = ask
    opened.__dict__["dueling"] = Dueling(opened.store, lambda: "Ada", Random(1))
    yield opened
    await opened.close()


@pytest.fixture
def triage(project):
    project.write("prompts/_tone.md", "Be brief.\n")
    project.write("prompts/triage.md", PROMPT)
    project.write("prompts/triage.cases.yml", "- {name: card, inputs: {ticket: Card declined}}\n")


async def run(bench: Bench, *targets: str) -> None:
    prepared = await bench.running.prepare(Request(targets))
    async with aclosing(bench.running.start(prepared).events()) as events:
        async for _ in events:
            pass


async def filled(bench: Bench, prompt: str = "triage", **more) -> Listing:
    listing = bench.reviewing.history(prompt)
    async for found in bench.reviewing.fill(listing, **more):
        listing = found
    return listing


def labels(listing: Listing) -> list[str]:
    return [entry.subject or entry.label for entry in listing.entries]


def test_commits_are_listed_at_once_newest_first_and_nothing_is_read_for_it(bench, project, git, triage):
    first = git.commit("first version")
    project.write("prompts/other.md", "Hello.\n")
    git.commit("another prompt")
    project.write("prompts/triage.md", PROMPT.replace("Sort", "Please sort"))
    second = git.commit("say [b]please[/]")
    listing = bench.reviewing.history("triage")
    assert [(entry.commit, entry.subject, entry.author) for entry in listing.entries] == [
        (second, "say [b]please[/]", "Ada"),
        (first, "first version", "Ada"),
    ]
    assert all(entry.version is None and entry.date.endswith("Z") for entry in listing.entries)
    assert listing.empty == ""


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("prompts/_tone.md", "Be kind.\n"),
        ("prompts/triage.cases.yml", "- {name: new, inputs: {ticket: x}}\n"),
    ],
)
def test_a_commit_of_what_the_prompt_reads_or_of_its_cases_is_in_its_history(
    bench, project, git, triage, path, text
):
    git.commit("first version")
    project.write(path, text)
    git.commit("beside")
    assert labels(bench.reviewing.history("triage")) == ["beside", "first version"]


def test_commits_older_than_the_prompt_are_not_listed(bench, project, git):
    for number in range(5):
        project.write("prompts/_tone.md", f"Tone {number}.\n")
        git.commit(f"tone {number}")
    project.write("prompts/triage.md", PROMPT)
    git.commit("first version")
    project.write("prompts/_tone.md", "Be brief.\n")
    git.commit("tone again")
    assert labels(bench.reviewing.history("triage")) == ["tone again", "first version"]


async def test_a_commit_between_in_which_the_prompt_was_missing_goes_once_it_is_read(
    bench, project, git, triage
):
    git.commit("first version")
    (project.root / "prompts/triage.md").unlink()
    git.commit("taken away")
    project.write("prompts/triage.md", PROMPT)
    git.commit("brought back")
    assert labels(await filled(bench)) == ["brought back", "first version"]


@pytest.mark.parametrize("path", ["prompts/triage.md", "prompts/_tone.md", "prompts/triage.cases.yml"])
def test_the_working_tree_comes_first_where_anything_of_it_differs(bench, project, git, triage, path):
    git.commit("first version")
    assert labels(bench.reviewing.history("triage")) == ["first version"]
    file = project.root / path
    file.write_bytes(file.read_bytes() + b"\n# more\n")
    listing = bench.reviewing.history("triage")
    assert labels(listing) == ["working tree", "first version"]
    assert (listing.entries[0].target, listing.entries[0].dirty) == ("triage", True)


def test_other_line_endings_alone_make_no_difference(bench, project, git, triage):
    git.commit("first version")
    project.write("prompts/triage.md", PROMPT.replace("\n", "\r\n").encode())
    assert labels(bench.reviewing.history("triage")) == ["first version"]


def test_text_on_screen_that_is_not_saved_is_the_working_tree(bench, git, triage):
    git.commit("first version")
    listing = bench.reviewing.history("triage", {"prompts/triage.md": b"Hello"})
    assert labels(listing) == ["working tree", "first version"]


async def test_the_names_it_had_before_are_followed_and_their_scores_counted(bench, project, git, triage):
    git.commit("first version")
    await run(bench, "triage")
    git("mv", "prompts/triage.md", "prompts/sort.md")
    git("mv", "prompts/triage.cases.yml", "prompts/sort.cases.yml")
    git.commit("a better name")
    listing = await filled(bench, "sort")
    assert labels(listing) == ["a better name", "first version"]
    assert [entry.results for entry in listing.entries] == [1, 1]
    assert len({entry.version for entry in listing.entries}) == 1
    assert listing.entries[1].path == "prompts/triage.md"


async def test_a_commit_in_which_the_prompt_was_broken_says_why(bench, project, git, triage):
    git.commit("first version")
    project.write("prompts/triage.md", PROMPT + "{% if %}")
    git.commit("broken")
    project.write("prompts/triage.md", PROMPT)
    git.commit("mended")
    listing = await filled(bench)
    assert labels(listing) == ["mended", "broken", "first version"]
    broken = listing.entries[1]
    assert broken.version is None and broken.tokens is None and broken.votes is None
    assert "not a valid template" in broken.trouble
    # The change is the one from the version before, whatever lies between.
    assert listing.entries[0].delta == 0


async def test_tokens_are_those_of_the_first_case_and_the_delta_is_to_the_version_before(
    bench, project, git, triage
):
    git.commit("first version")
    project.write("prompts/triage.md", PROMPT.replace("Sort.", "Sort one two three."))
    git.commit("three words more")
    listing = await filled(bench)
    new, old = listing.entries
    assert (new.delta, old.delta) == (3, None)
    assert new.tokens == old.tokens + 3
    wanted = (await bench.previewing.preview("triage")).models[0].count.total
    assert new.tokens == wanted


async def test_a_version_that_cannot_be_rendered_with_this_case_says_so_and_the_others_count(
    bench, project, git, triage
):
    project.write("prompts/triage.md", PROMPT.replace("ticket", "mail"))
    git.commit("another input")
    project.write("prompts/triage.md", PROMPT)
    git.commit("this input")
    new, old = (await filled(bench)).entries
    assert new.tokens is not None and old.tokens is None
    assert "mail" in old.trouble and old.version is not None


async def test_without_a_case_the_reason_why_there_are_no_tokens_is_said_once(bench, project, git, triage):
    (project.root / "prompts/triage.cases.yml").unlink()
    git.commit("first version")
    listing = await filled(bench)
    assert "no cases" in listing.uncounted
    assert [entry.trouble for entry in listing.entries] == [None]


async def test_no_more_versions_are_counted_than_are_asked_for(bench, project, git, triage):
    for number in range(4):
        project.write("prompts/triage.md", f"{PROMPT}{'word ' * number}")
        git.commit(f"version {number}")
    listing = await filled(bench, limit=2)
    assert [entry.tokens is not None for entry in listing.entries] == [True, True, False, False]
    assert all(entry.version for entry in listing.entries)


async def test_what_is_in_sight_is_counted_first(bench, project, git, triage):
    for number in range(20):
        project.write("prompts/triage.md", f"{PROMPT}{'word ' * number}")
        git.commit(f"version {number}")
    listing = bench.reviewing.history("triage")
    oldest = listing.entries[-1].target
    async for found in bench.reviewing.fill(listing, first=lambda: (oldest,)):
        counted = [entry.target for entry in found.entries if entry.tokens is not None]
        if counted:
            break
    assert oldest in counted and len(counted) < 20


async def test_a_version_that_was_run_and_never_committed_is_listed_by_its_date_and_can_be_loaded(
    bench, project, git, triage
):
    git("add", "--all")
    git("commit", "--quiet", "-m", "long ago", "--date", "2020-01-01T00:00:00Z")
    project.write("prompts/triage.md", PROMPT.replace("Sort", "Try"))
    await run(bench, "triage")
    project.write("prompts/triage.md", PROMPT.replace("Sort", "Please sort"))
    git("add", "--all")
    git("commit", "--quiet", "-m", "in the future", "--date", "2099-01-01T00:00:00Z")
    listing = await filled(bench)
    kept = listing.entries[1]
    assert labels(listing) == ["in the future", kept.label, "long ago"]
    assert kept.kept_only and not kept.dirty and kept.commit is None and kept.label.startswith("v:")
    assert (kept.results, kept.votes, kept.tokens is not None) == (1, 0, True)
    assert b"Try" in bench.versions.load(kept.target).version.files["prompts/triage.md"]


async def test_a_version_that_was_run_and_committed_later_is_one_version(bench, project, git, triage):
    git.commit("first version")
    project.write("prompts/triage.md", PROMPT.replace("Sort", "Try"))
    await run(bench, "triage")
    assert labels(await filled(bench)) == ["working tree", "first version"]
    git.commit("what was tried")
    listing = await filled(bench)
    assert [(entry.subject, entry.results) for entry in listing.entries] == [
        ("what was tried", 1),
        ("first version", 0),
    ]


async def test_what_a_fill_found_and_is_committed_meanwhile_is_not_listed_twice(bench, project, git, triage):
    git.commit("first version")
    project.write("prompts/triage.md", PROMPT.replace("Sort", "Try"))
    await run(bench, "triage")
    project.write("prompts/triage.md", PROMPT)
    before = await filled(bench)
    assert len(before.entries) == 2
    project.write("prompts/triage.md", PROMPT.replace("Sort", "Try"))
    git.commit("what was tried")
    again = bench.reviewing.history("triage").with_kept(entry for entry in before.entries if entry.kept_only)
    async for found in bench.reviewing.fill(again):
        again = found
    assert labels(again) == ["what was tried", "first version"]


async def test_versions_have_the_win_rate_of_votes_between_contenders_alike_in_all_else(
    bench, project, git, triage
):
    git.commit("first version")
    project.write("prompts/triage.md", PROMPT.replace("Sort", "Please sort"))
    git.commit("please")
    await run(bench, "triage@HEAD~1", "triage")
    shown = bench.dueling.next("triage")
    bench.dueling.vote(shown.pair.id, "left" if "Please" in shown.left else "right")
    new, old = (await filled(bench)).entries
    assert (new.votes, new.win_rate.rate, old.votes, old.win_rate.rate) == (1, 1.0, 1, 0.0)
    assert 0 < new.win_rate.low < 1 == new.win_rate.high


async def test_without_git_it_says_why_and_lists_the_working_tree(project, tmp_path, triage):
    project.write(".workbench.yml", SETTINGS)
    bench = Bench(project.root, {}, tmp_path / "personal")
    listing = await filled(bench)
    assert labels(listing) == ["working tree"]
    assert "not a git repository" in listing.empty and "git init" in listing.empty
    assert listing.entries[0].tokens is not None
    await bench.close()


def test_before_the_first_commit_and_for_a_prompt_never_committed_it_says_so(bench, project, git, triage):
    assert "Nothing has been committed" in bench.reviewing.history("triage").empty
    git.commit("first version")
    project.write("prompts/new.md", "Hello.\n")
    listing = bench.reviewing.history("new")
    assert "never been committed" in listing.empty and labels(listing) == ["working tree"]


async def test_a_damaged_database_costs_the_scores_and_nothing_else(bench, project, git, triage):
    git.commit("first version")
    project.write(".workbench/runs.db", b"no database at all, but long enough to be taken for one" * 40)
    listing = await filled(bench)
    assert "damaged" in listing.unscored
    assert [(entry.results, entry.tokens is not None) for entry in listing.entries] == [(None, True)]


async def test_scores_can_be_queried_by_hand(bench, project, git, triage):
    git.commit("first version")
    await run(bench, "triage")
    database = sqlite3.connect(project.root / ".workbench/runs.db")
    (version,) = database.execute("SELECT hash FROM versions").fetchone()
    database.close()
    assert bench.store.scores.results(["triage"]) == {version: 1}
    assert [kept.committed for kept in bench.store.scores.versions(["triage"])] == [True]


def entry(name: str, tokens: int | None = None, counted: bool = True) -> Entry:
    return Entry(name, "p.md", commit=name, tokens=tokens, counted=counted)


def test_a_delta_waits_for_the_version_before_and_passes_over_one_that_has_no_tokens():
    def deltas(*entries: Entry) -> list[int | None]:
        return [one.delta for one in with_deltas(entries)]

    assert deltas(entry("c", 9), entry("b", 5), entry("a", 7)) == [4, -2, None]
    assert deltas(entry("c", 9), entry("b"), entry("a", 7)) == [2, None, None]
    assert deltas(entry("c", 9), entry("b", counted=False), entry("a", 7)) == [None, None, None]
