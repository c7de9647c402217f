import os
import stat
import subprocess
import sys
import time

import pytest

from workbench.errors import ProjectError, PromptError
from workbench.prompts.disk.drafts import Drafts

PATH = "prompts/p.md"

TYPING = """
import sys, time
from pathlib import Path
from workbench.prompts.disk.drafts import Drafts

drafts = Drafts(Path(sys.argv[1]))
drafts.keep("prompts/p.md", sys.argv[2], b"on disk")
print("kept", flush=True)
time.sleep(60)
"""


@pytest.fixture
def open_drafts(project):
    """Open the drafts of the project as another workbench would; all are closed in the end."""
    opened = []

    def one_more():
        opened.append(Drafts(project.root))
        return opened[-1]

    project.write(PATH, "on disk")
    yield one_more
    for drafts in opened:
        drafts.close()


@pytest.fixture
def typing(project):
    """Start a workbench in which somebody types; it is ended if it still lives."""
    started = []

    def start(text):
        process = subprocess.Popen(
            [sys.executable, "-c", TYPING, str(project.root), text], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout.readline() == "kept\n"
        return process

    yield start
    for process in started:
        kill(process)


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_was_typed_outlives_kill_9_and_is_offered_once_adopted_no_more(open_drafts, typing):
    kill(typing("line\n“ü” \u2028 \U0001f600\n"))
    ours, other = open_drafts(), open_drafts()
    (draft,) = ours.left()
    assert (draft.path, draft.text) == (PATH, "line\n“ü” \u2028 \U0001f600\n")
    assert draft.fits(b"on disk") and not draft.fits(b"something else")
    assert abs(time.time() - os.stat(draft.file).st_mtime) < 60 and draft.kept.endswith("Z")
    assert ours.adopt(draft)
    assert not other.adopt(draft)
    assert ours.left() == other.left() == []


def test_an_adopted_draft_outlives_the_next_crash_too(open_drafts, typing):
    kill(typing("typed"))
    ours = open_drafts()
    assert ours.adopt(ours.left()[0])
    ours.close()
    assert [draft.text for draft in open_drafts().left()] == ["typed"]


def test_the_draft_of_a_workbench_that_lives_is_not_offered(open_drafts, typing):
    process = typing("typed")
    drafts = open_drafts()
    assert drafts.left() == []
    kill(process)
    assert [draft.text for draft in drafts.left()] == ["typed"]


def test_the_last_that_was_kept_counts_and_what_is_dropped_is_gone(open_drafts):
    drafts = open_drafts()
    drafts.drop(PATH)
    drafts.keep(PATH, "one", b"on disk")
    drafts.keep(PATH, "two", b"on disk")
    drafts.keep("prompts/q.md", "three", b"")
    drafts.drop("prompts/q.md")
    drafts.close()
    assert [(draft.path, draft.text) for draft in open_drafts().left()] == [(PATH, "two")]


def test_a_draft_that_is_not_wanted_goes_with_its_empty_folder(project, open_drafts, typing):
    kill(typing("typed"))
    drafts = open_drafts()
    drafts.discard(drafts.left()[0])
    assert drafts.left() == []
    assert list((project.root / ".workbench/drafts").iterdir()) == []


def test_a_draft_that_says_what_the_file_says_is_dropped_silently(project, open_drafts, typing):
    project.write(PATH, b"\xef\xbb\xbfone\r\ntwo\r\n")
    kill(typing("one\ntwo\n"))
    assert open_drafts().left() == []
    assert list((project.root / ".workbench/drafts").iterdir()) == []


def test_a_draft_of_a_file_that_is_gone_or_unreadable_is_offered(project, open_drafts, typing):
    kill(typing("typed"))
    (project.root / PATH).unlink()
    assert [draft.text for draft in open_drafts().left()] == ["typed"]
    project.write(PATH, b"\xff")
    assert [draft.text for draft in open_drafts().left()] == ["typed"]


def test_the_newest_is_offered_first(project, open_drafts, typing):
    for text in ("old", "new"):
        kill(typing(text))
    (old, new) = sorted((draft.text, draft.file) for draft in open_drafts().left())[::-1]
    os.utime(old[1], (1, 1))
    assert [draft.text for draft in open_drafts().left()] == [new[0], old[0]]
    assert open_drafts().left()[1].kept == "1970-01-01T00:00:01.000Z"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"[]",
        b'{"path": "prompts/p.md", "text": 1, "base": ""}',
        b'{"path": "../p.md", "text": "x", "base": ""}',
        b'{"path": "/etc/passwd", "text": "x", "base": ""}',
        b"\xff\x00",
    ],
    ids=["empty", "cut", "deep", "a list", "no text", "out of the project", "absolute", "binary"],
)
def test_a_damaged_draft_is_reported_and_kept_and_hides_no_other(project, open_drafts, typing, damage):
    kill(typing("typed"))
    drafts = open_drafts()
    broken = drafts.left()[0].file.with_name("0.json")
    broken.write_bytes(damage)
    assert [draft.text for draft in drafts.left()] == ["typed"]
    (reported,) = drafts.damaged()
    assert reported.place.path == broken.relative_to(project.root).as_posix()
    assert "damaged draft" in reported.message and reported.hint
    assert broken.read_bytes() == damage


def test_what_is_not_saved_is_for_its_owner_alone(project, open_drafts):
    open_drafts().keep(PATH, "typed", b"")
    (folder,) = (project.root / ".workbench/drafts").iterdir()
    (file,) = folder.iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, file)] == [0o700, 0o600]


def test_a_draft_follows_the_file_that_is_renamed(open_drafts):
    drafts = open_drafts()
    drafts.follow(PATH, "prompts/new.md")
    drafts.keep(PATH, "typed", b"base")
    drafts.follow("prompts/other.md", "prompts/x.md")
    drafts.follow(PATH, "prompts/new.md")
    drafts.close()
    (draft,) = open_drafts().left()
    assert (draft.path, draft.text, draft.fits(b"base")) == ("prompts/new.md", "typed", True)


def test_a_workbench_that_kept_nothing_leaves_nothing(project, open_drafts):
    drafts = open_drafts()
    assert drafts.left() == drafts.damaged() == []
    drafts.keep(PATH, "typed", b"")
    drafts.drop(PATH)
    drafts.close()
    assert list((project.root / ".workbench/drafts").iterdir()) == []


def test_drafts_that_are_linked_out_of_the_project_are_refused(project, open_drafts, tmp_path):
    (project.root / ".workbench").mkdir()
    (project.root / ".workbench/drafts").symlink_to(tmp_path)
    with pytest.raises(ProjectError, match=r"leaves \.workbench"):
        open_drafts().keep(PATH, "typed", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["project"]


def test_a_draft_that_is_a_link_is_not_followed(project, open_drafts, typing, tmp_path):
    kill(typing("typed"))
    drafts = open_drafts()
    (draft,) = drafts.left()
    draft.file.unlink()
    (tmp_path / "elsewhere").write_text('{"path": "prompts/p.md", "text": "planted", "base": ""}')
    draft.file.symlink_to(tmp_path / "elsewhere")
    assert drafts.left() == []
    assert len(drafts.damaged()) == 1


def test_a_draft_that_cannot_be_kept_says_so(project, open_drafts, monkeypatch):
    drafts = open_drafts()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(PromptError, match="No space left") as caught:
        drafts.keep(PATH, "typed", b"")
    assert "Save it soon" in caught.value.hint
    (folder,) = (project.root / ".workbench/drafts").iterdir()
    assert list(folder.iterdir()) == []
