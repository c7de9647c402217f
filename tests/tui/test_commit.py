"""Committing from the bench: what changed, a message, and whatever git and its hooks say to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

import workbench.tui.app
from tests.support.projects import Git, Project
from tests.tui.seeing import seen, told, until
from workbench.bench.committing import Committing
from workbench.prompts.history import Committed, History
from workbench.prompts.library import Library
from workbench.tui.screens.commit import CommitDialog
from workbench.tui.themes import DARK
from workbench.tui.widgets.choices import Choices

STYLES = Path(workbench.tui.app.__file__).parent / "workbench.tcss"
PROMPT, CASES, TONE = "prompts/triage.md", "prompts/triage.cases.yml", "prompts/_tone.md"


class CommitApp(App[None]):
    CSS_PATH = STYLES

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.committing = Committing(Library(project.root), History(project.root))
        self.made: list[Committed | None] = []
        self.register_theme(DARK)
        self.theme = DARK.name

    def ask(self, path: str = PROMPT, unsaved: tuple[str, ...] = ()) -> None:
        self.push_screen(CommitDialog(self.committing, path, unsaved), self.made.append)


@asynccontextmanager
async def dialog(
    project: Project, size: tuple[int, int] = (120, 40), **asked: object
) -> AsyncIterator[tuple[CommitApp, Pilot[None]]]:
    app = CommitApp(project)
    async with app.run_test(size=size, notifications=True) as pilot:
        app.ask(**asked)  # type: ignore[arg-type]
        await until(pilot, lambda: looked(app))
        yield app, pilot
    app.committing.history.close()


def looked(app: CommitApp) -> bool:
    """Whether it is on screen what there is to commit, or why nothing is."""
    return (
        isinstance(app.screen, CommitDialog)
        and app.screen.is_mounted
        and bool(
            app.screen.query_one("#commit-problem").display or app.screen.query_one(Choices).option_count
        )
    )


def files(app: CommitApp) -> list[str]:
    options = app.screen.query_one(Choices)
    return [str(options.get_option_at_index(at).prompt) for at in range(options.option_count)]


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")


@pytest.fixture
def changed(project: Project, git: Git) -> Project:
    """A prompt, its cases and a partial it reads, all committed and then changed; and something staged."""
    project.write(PROMPT, 'system:\nYou sort tickets.\n{% include "_tone.md" %}\nuser:\nhello\n')
    project.write(CASES, "- {name: card, inputs: {}}\n")
    project.write(TONE, "Be kind.\n")
    project.write("other.txt", "one\n")
    git.commit("first")
    project.write(PROMPT, 'system:\nYou label tickets.\n{% include "_tone.md" %}\nuser:\nhello\n')
    project.write(CASES, "- {name: card, inputs: {}}\n- {name: crash, inputs: {}}\n")
    project.write(TONE, "Be literal.\n")
    project.write("other.txt", "two\n")
    git("add", "other.txt")
    return project


def hook(project: Project, name: str, script: str) -> None:
    file = project.write(f".git/hooks/{name}", f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


async def test_own_files_are_chosen_shared_ones_are_not_and_the_difference_is_shown(
    changed: Project, git: Git
):
    async with dialog(changed) as (app, pilot):
        assert files(app) == [
            f"[x] M {PROMPT}",
            f"[x] M {CASES}",
            f"[ ] M {TONE}   shared with other prompts",
        ]
        await until(pilot, lambda: "crash" in seen(app))  # type: ignore[arg-type]
        text = seen(app)  # type: ignore[arg-type]
        assert "You sort tickets." in text and "You label tickets." in text and "Be literal" not in text
        assert f"the prompt reads {TONE} as changed" in text
        await pilot.press(*"Label", "space", *"them", "enter", *"Because.", "ctrl+g")
        await until(pilot, lambda: app.made)
        assert f"Committed {git('rev-parse', 'HEAD')[:7]}" in told(app)  # type: ignore[arg-type]
    assert git("log", "-1", "--format=%B") == "Label them\n\nBecause."
    assert git("show", "--format=", "--name-only").split() == [CASES, PROMPT]
    assert git("diff", "--cached", "--name-only") == "other.txt", "what else is staged stays staged"
    assert git("diff", "--name-only") == TONE


async def test_a_shared_file_can_be_chosen_and_an_own_one_left_out(changed: Project, git: Git):
    async with dialog(changed) as (app, pilot):
        app.screen.query_one(Choices).focus()
        await pilot.press("down", "space", "down", "space")
        await until(pilot, lambda: "Be literal." in seen(app))  # type: ignore[arg-type]
        text = seen(app)  # type: ignore[arg-type]
        assert "as changed" not in text and "crash" not in text
        await pilot.press("enter", *"Both", "ctrl+s")
        await until(pilot, lambda: app.made)
    assert git("show", "--format=", "--name-only").split() == [TONE, PROMPT]


@pytest.mark.parametrize(
    ("length", "shown"), [(0, "0/50"), (50, "50/50"), (51, "51/72 long"), (73, "73/72 too long")]
)
async def test_the_length_of_the_subject_is_shown(changed: Project, length: int, shown: str):
    async with dialog(changed) as (app, pilot):
        app.screen.query_one("#subject", Input).value = "x" * length
        await until(pilot, lambda: shown in seen(app))  # type: ignore[arg-type]


async def test_escape_keeps_the_message_for_the_next_time(changed: Project, git: Git):
    async with dialog(changed) as (app, pilot):
        await pilot.press(*"Half", "enter", *"why")
        await pilot.press("escape")
        await until(pilot, lambda: app.made == [None])
        app.ask()
        await until(pilot, lambda: looked(app))
        assert app.screen.query_one("#subject", Input).value == "Half"
        assert app.screen.query_one("#body", TextArea).text == "why"
        await pilot.press("ctrl+g")
        await until(pilot, lambda: len(app.made) == 2)
        changed.write(PROMPT, "something else\n")
        app.ask()
        await until(pilot, lambda: looked(app))
        assert app.screen.query_one("#subject", Input).value == "", "what was committed is done with"
    assert git("log", "-1", "--format=%s") == "Half"


async def test_a_hook_that_refuses_is_heard_and_the_message_stays(changed: Project, git: Git):
    hook(changed, "pre-commit", "printf 'no [red]tickets[/red] \\033[31mhere\\n'; exit 1")
    before = git("rev-parse", "HEAD")
    async with dialog(changed) as (app, pilot):
        await pilot.press(*"Try", "ctrl+g")
        await until(pilot, lambda: "a hook refused the commit" in seen(app))  # type: ignore[arg-type]
        text = seen(app)  # type: ignore[arg-type]
        assert "no [red]tickets[/red] ␛[31mhere" in text
        assert app.screen.query_one("#subject", Input).value == "Try" and app.made == []
        hook(changed, "pre-commit", "echo checked everything")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: app.made)
        assert "checked everything" in told(app)  # type: ignore[arg-type]
    assert git("rev-parse", "HEAD^") == before


async def test_a_hook_that_hangs_can_be_cancelled(changed: Project, git: Git):
    hook(changed, "pre-commit", "touch started; sleep 60")
    before = git("rev-parse", "HEAD")
    async with dialog(changed) as (app, pilot):
        await pilot.press(*"Try", "ctrl+g")
        await until(pilot, lambda: (changed.root / "started").exists())
        assert "Escape cancel" in seen(app)  # type: ignore[arg-type]
        await pilot.press("ctrl+g", "escape")
        await until(pilot, lambda: "was cancelled" in seen(app))  # type: ignore[arg-type]
        assert app.made == []
        await pilot.press("escape")
        await until(pilot, lambda: app.made == [None])
    assert git("rev-parse", "HEAD") == before


async def test_a_merge_that_goes_on_is_told_before_anything_is_typed(changed: Project, git: Git):
    (changed.root / ".git" / "MERGE_HEAD").write_text(git("rev-parse", "HEAD") + "\n")
    async with dialog(changed) as (app, pilot):
        await until(pilot, lambda: "a merge is in progress" in seen(app))  # type: ignore[arg-type]
        assert app.screen.query_one("#subject").disabled
        await pilot.press("ctrl+g")
        await pilot.pause()
        assert app.made == []
        await pilot.press("escape")
        await until(pilot, lambda: app.made == [None])


async def test_where_git_knows_nobody_it_is_said_how_to_tell_it(changed: Project, monkeypatch):
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{name}_NAME")
        monkeypatch.delenv(f"GIT_{name}_EMAIL")
    Git(changed.root)("config", "user.useConfigOnly", "true")
    async with dialog(changed) as (app, _):
        assert "git config --global user.name" in seen(app)  # type: ignore[arg-type]


async def test_without_git_it_is_said_why(project: Project):
    project.write(PROMPT, "hello\n")
    async with dialog(project) as (app, _):
        assert "is not a git repository" in seen(app)  # type: ignore[arg-type]


async def test_a_prompt_without_changes_says_so(changed: Project, git: Git):
    git.commit("all of it")
    async with dialog(changed) as (app, pilot):
        assert "Nothing changed since the last commit." in seen(app)  # type: ignore[arg-type]
        await pilot.press("ctrl+g")
        assert app.made == []


async def test_a_detached_head_and_unsaved_edits_are_warned_about(changed: Project, git: Git):
    git("checkout", "--quiet", "--detach")
    async with dialog(changed, unsaved=(PROMPT,)) as (app, pilot):
        await until(pilot, lambda: "no branch is checked out" in seen(app))  # type: ignore[arg-type]
        assert f"{PROMPT} has unsaved edits, which are not committed" in seen(app)  # type: ignore[arg-type]


async def test_the_first_commit_of_a_repository_holds_a_new_prompt(project: Project, git: Git):
    project.write(PROMPT, "hello\n")
    async with dialog(project) as (app, pilot):
        await until(pilot, lambda: "not in git yet" in seen(app))  # type: ignore[arg-type]
        assert files(app) == [f"[x] ? {PROMPT}"]
        await pilot.press(*"First", "ctrl+g")
        await until(pilot, lambda: app.made)
    assert git("show", "--format=%s", "--name-only").split() == ["First", PROMPT]


async def test_a_renamed_prompt_goes_with_its_old_name(changed: Project, git: Git):
    git.commit("all of it")
    git("mv", PROMPT, "prompts/sorting.md")
    async with dialog(changed, path="prompts/sorting.md") as (app, pilot):
        assert [line.split()[-1] for line in files(app)] == ["prompts/sorting.md", PROMPT]
        await until(pilot, lambda: "deleted" in seen(app))  # type: ignore[arg-type]
        await pilot.press(*"Rename", "ctrl+g")
        await until(pilot, lambda: app.made)
    assert git("show", "--format=", "--name-status", "-M").split("\t") == [
        "R100",
        PROMPT,
        "prompts/sorting.md",
    ]


async def test_nothing_is_committed_without_a_message_or_a_file(changed: Project, git: Git):
    before = git("rev-parse", "HEAD")
    async with dialog(changed) as (app, pilot):
        await pilot.press("ctrl+g")
        await until(pilot, lambda: "A commit needs a message" in told(app))  # type: ignore[arg-type]
        app.screen.query_one(Choices).focus()
        await pilot.press("space", "down", "space", "ctrl+g")
        await until(pilot, lambda: "Choose a file" in told(app))  # type: ignore[arg-type]
        assert app.made == []
    assert git("rev-parse", "HEAD") == before


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_everything_is_in_sight_at_any_size(changed: Project, size: tuple[int, int]):
    async with dialog(changed, size) as (app, pilot):
        wanted = (
            "Commit triage",
            PROMPT,
            TONE,
            "You label tickets.",
            "what changed",
            "0/50",
            "^g commit",
            "why, in",
        )
        await until(pilot, lambda: all(text in seen(app) for text in wanted))  # type: ignore[arg-type]


async def test_a_file_that_is_not_text_is_named_and_not_shown(changed: Project):
    changed.write(CASES, b"\0\1")
    async with dialog(changed) as (app, pilot):
        await until(pilot, lambda: "is not text" in seen(app))  # type: ignore[arg-type]
