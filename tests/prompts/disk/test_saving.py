"""Saving without harm: what is replaced is kept, whoever else writes."""

import errno
import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from workbench.errors import ProjectError, PromptError, SaveConflictError
from workbench.prompts.disk import renames, saving
from workbench.prompts.disk.local import local_folder
from workbench.prompts.library import Library

PATH = "prompts/a/p.md"
TIMES = [f"2026-01-31T12:00:{second:02}.000Z" for second in range(60)]


@pytest.fixture
def library(project):
    times = iter(TIMES)
    return Library(project.root, lambda: next(times))


@pytest.fixture(params=["exchanged", "linked", "copied"])
def way(request, monkeypatch):
    """Each way of replacing a file that a system may offer."""
    if request.param != "exchanged":
        monkeypatch.setattr(renames, "_library", lambda: None)
    if request.param == "copied":

        def no_links(*_):
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", no_links)
    return request.param


def held(library, path=PATH):
    return [backup.raw for backup in library.backups(path)]


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.usefixtures("way")
def test_saving_keeps_mode_bom_endings_and_the_missing_newline_at_the_end(project, library):
    file = project.write(PATH, b"\xef\xbb\xbfone\r\ntwo")
    file.chmod(0o640)
    library.save(library.open(PATH), "one\nthree")
    assert file.read_bytes() == b"\xef\xbb\xbfone\r\nthree"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert files_below(project.root / "prompts") == ["a/p.md"]


@pytest.mark.usefixtures("way")
def test_what_saving_replaces_is_kept_as_a_backup_no_more_readable_than_it_was(project, library):
    file = project.write(PATH, "before")
    file.chmod(0o600)
    opened = library.save(library.open(PATH), "after")
    library.save(opened, "later")
    assert held(library) == [b"after", b"before"]
    assert [backup.when for backup in library.backups(PATH)] == [TIMES[1], TIMES[0]]
    assert {stat.S_IMODE(backup.file.stat().st_mode) for backup in library.backups(PATH)} == {0o600}


def test_a_backup_is_restored_by_an_ordinary_save_byte_for_byte(project, library):
    file = project.write(PATH, b"\xef\xbb\xbfa\r\nb\nc\r")
    saved = library.save(library.open(PATH), "something\nelse")
    (backup,) = library.backups(PATH)
    library.put(saved, backup.raw)
    assert file.read_bytes() == b"\xef\xbb\xbfa\r\nb\nc\r"
    assert held(library)[0] == saved.raw


def test_the_last_ten_are_kept_even_where_the_clock_stands_still_or_goes_back(project):
    file = project.write(PATH, "0")
    for times in (TIMES[5:6] * 13, TIMES[:1]):
        library = Library(project.root, iter(times).__next__)
        for _ in times:
            opened = library.open(PATH)
            library.save(opened, str(int(opened.text) + 1))
    assert file.read_text() == "14"
    kept = held(library)
    assert kept == [b"12", b"11", b"10", b"9", b"8", b"7", b"6", b"5", b"4", b"13"]


def test_a_file_without_backups_has_none(project, library):
    project.write(PATH, "x")
    assert library.backups(PATH) == []


def test_a_backup_that_is_gone_is_a_clear_error(project, library):
    project.write(PATH, "x")
    library.save(library.open(PATH), "y")
    (backup,) = library.backups(PATH)
    backup.file.unlink()
    with pytest.raises(PromptError, match="cannot be read"):
        assert backup.raw


@pytest.mark.usefixtures("way")
def test_a_file_that_changed_on_disk_is_not_saved_over_unasked(project, library):
    file = project.write(PATH, "before")
    opened = library.open(PATH)
    file.write_text("someone else's")
    with pytest.raises(SaveConflictError, match="changed on disk"):
        library.save(opened, "mine")
    assert file.read_text() == "someone else's"
    assert library.save(opened, "mine", over=True).raw == b"mine"
    assert held(library) == [b"someone else's"]


@pytest.mark.usefixtures("way")
def test_a_file_that_was_deleted_is_made_anew_when_asked_for_with_its_folder(project, library):
    file = project.write(PATH, "before")
    opened = library.open(PATH)
    shutil.rmtree(file.parent)
    with pytest.raises(SaveConflictError, match="was deleted"):
        library.save(opened, "mine")
    assert not file.parent.exists()
    library.save(opened, "mine", over=True)
    assert file.read_text() == "mine"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def between_check_and_act(monkeypatch, act):
    """Let another program act when everything has been checked and the new text is about to go in."""
    fill, acted = saving._fill, []

    def filled(*arguments):
        fill(*arguments)
        if not acted:
            acted.append(act())

    monkeypatch.setattr(saving, "_fill", filled)


def rename_over(file, text):
    """Write as vim does by default: a new file, renamed over the old one."""
    fresh = file.with_name("4913")
    fresh.write_text(text)
    os.replace(fresh, file)


@pytest.mark.parametrize("write", [rename_over, Path.write_text], ids=["renamed", "in place"])
def test_what_another_program_writes_after_the_check_stands_and_saving_is_refused(
    project, library, monkeypatch, write
):
    file = project.write(PATH, "before")
    opened = library.open(PATH)
    between_check_and_act(monkeypatch, lambda: write(file, "theirs"))
    with pytest.raises(SaveConflictError):
        library.save(opened, "mine")
    assert file.read_text() == "theirs"
    assert held(library) == [b"mine"]
    assert files_below(project.root / "prompts") == ["a/p.md"]


@pytest.mark.parametrize("write", [rename_over, Path.write_text], ids=["renamed", "in place"])
def test_what_another_program_writes_after_the_check_is_a_backup_where_it_is_saved_over(
    project, library, monkeypatch, write
):
    file = project.write(PATH, "before")
    opened = library.open(PATH)
    between_check_and_act(monkeypatch, lambda: write(file, "theirs"))
    library.save(opened, "mine", over=True)
    assert file.read_text() == "mine"
    assert held(library) == [b"theirs"]


def test_a_program_that_still_writes_into_the_old_file_writes_into_the_backup(project, library):
    file = project.write(PATH, "before")
    with file.open("r+") as theirs:
        library.save(library.open(PATH), "mine")
        theirs.write("late!!")
    assert file.read_text() == "mine"
    assert held(library) == [b"late!!"]


def test_a_file_removed_after_the_check_is_a_conflict_and_nothing_appears(project, library, monkeypatch):
    file = project.write(PATH, "before")
    opened = library.open(PATH)
    between_check_and_act(monkeypatch, file.unlink)
    with pytest.raises(SaveConflictError, match="was deleted"):
        library.save(opened, "mine")
    assert not file.exists()


@pytest.mark.usefixtures("way")
def test_the_file_is_whole_at_every_moment_of_saving(project, library):
    texts = {b"a" * 50_000, b"b" * 70_000}
    file = project.write(PATH, b"a" * 50_000)
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(file.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        opened = library.open(PATH)
        for _ in range(10):
            opened = library.save(opened, "b" * 70_000)
            opened = library.save(opened, "a" * 50_000)
    finally:
        done.set()
        reader.join()
    assert seen <= texts


def test_a_link_within_the_project_stays_a_link(project, library):
    target = project.write("docs/real.md", "before")
    link = project.root / PATH
    link.parent.mkdir(parents=True)
    link.symlink_to("../../docs/real.md")
    library.save(library.open(PATH), "after")
    assert link.is_symlink()
    assert target.read_text() == "after"
    assert held(library) == [b"before"]


@contextmanager
def disk_of(bytes_in_a_file):
    """Let no file grow larger than this, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_in_a_file, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("way")
def test_a_disk_that_is_full_leaves_the_file_and_no_litter(project, library):
    file = project.write(PATH, "before")
    opened = library.open(PATH)
    with disk_of(1000), pytest.raises(PromptError, match="cannot be written: File too large") as caught:
        library.save(opened, "x" * 5000)
    assert "Nothing is lost" in caught.value.hint
    assert file.read_text() == "before"
    assert files_below(project.root / "prompts") == ["a/p.md"]
    assert library.backups(PATH) == []


@pytest.mark.parametrize("failure", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_an_exchange_that_fails_leaves_the_file_and_no_litter(project, library, monkeypatch, failure):
    def fail(one, other):
        raise OSError(failure, os.strerror(failure))

    file = project.write(PATH, "before")
    monkeypatch.setattr(saving, "exchange", fail)
    with pytest.raises(PromptError, match=os.strerror(failure)) as caught:
        library.save(library.open(PATH), "after")
    assert ("disk" if failure == errno.ENOSPC else "writable") in caught.value.hint
    assert file.read_text() == "before"
    assert files_below(project.root / "prompts") == ["a/p.md"]
    assert library.backups(PATH) == []


@pytest.mark.parametrize("what", ["file", "folder", "local folder"])
def test_what_is_read_only_is_not_written_and_says_so(project, library, tmp_path, what):
    (tmp_path / "closed").mkdir(mode=0o500)
    if os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("this user may write everything")
    file = project.write(PATH, "before")
    opened = library.open(PATH)
    closed = {"file": file, "folder": file.parent, "local folder": local_folder(project.root)}[what]
    mode = closed.stat().st_mode
    closed.chmod(mode & ~0o222)
    try:
        with pytest.raises((PromptError, ProjectError)) as caught:
            library.save(opened, "after")
    finally:
        closed.chmod(mode)
    assert "writable" in caught.value.hint
    assert file.read_text() == "before"
    assert files_below(project.root / "prompts") == ["a/p.md"]


def test_a_file_marked_read_only_is_not_replaced(project, library, monkeypatch):
    file = project.write(PATH, "before")
    monkeypatch.setattr(os, "access", lambda path, how: False)
    with pytest.raises(PromptError, match="read-only"):
        library.save(library.open(PATH), "after")
    assert file.read_text() == "before"


@pytest.mark.parametrize(
    "link", ["backups", "backups/prompts", "backups/prompts/a", "backups/prompts/a/p.md"]
)
def test_a_backup_never_leaves_the_project_through_a_link(project, library, tmp_path, link):
    file = project.write(PATH, "before")
    outside = tmp_path / "outside"
    outside.mkdir()
    where = project.root / ".workbench" / link
    where.parent.mkdir(parents=True)
    where.symlink_to(outside)
    with pytest.raises(ProjectError, match=r"leaves \.workbench") as caught:
        library.save(library.open(PATH), "after")
    assert (caught.value.place.path, bool(caught.value.hint)) == (str(where), True)
    assert file.read_text() == "before"
    assert list(outside.iterdir()) == []


def test_backups_linked_into_another_folder_of_the_project_are_refused(project, library):
    file = project.write(PATH, "before")
    (local_folder(project.root) / "backups").symlink_to("..")
    with pytest.raises(ProjectError, match="symbolic link"):
        library.save(library.open(PATH), "after")
    assert [path.name for path in file.parent.iterdir()] == ["p.md"]


@pytest.mark.usefixtures("way")
def test_a_new_file_never_replaces_one_that_is_there(project, library):
    library.create(PATH, b"first", 0o600)
    assert stat.S_IMODE((project.root / PATH).stat().st_mode) == 0o600
    with pytest.raises(PromptError, match="exists already"):
        library.create(PATH, b"second")
    assert (project.root / PATH).read_bytes() == b"first"
    assert files_below(project.root / "prompts") == ["a/p.md"]
    with pytest.raises(PromptError, match="a file stands where its folder should be"):
        library.create(f"{PATH}/below.md", b"third")


@pytest.mark.usefixtures("way")
def test_a_file_is_moved_only_to_where_none_is(project, library):
    project.write(PATH, "one")
    project.write("prompts/b.md", "two")
    with pytest.raises(PromptError, match="exists already"):
        library.move(PATH, "prompts/b.md")
    library.move(PATH, "prompts/new/c.md")
    assert files_below(project.root / "prompts") == ["b.md", "new/c.md"]


def test_what_is_removed_is_a_backup(project, library):
    project.write(PATH, "before")
    assert library.remove(PATH).raw == b"before"
    assert held(library) == [b"before"]
    with pytest.raises(PromptError, match="cannot be written: No such file"):
        library.remove(PATH)
    assert held(library) == [b"before"]


WORKBENCH = """
import sys
from pathlib import Path
from workbench.errors import PromptError, SaveConflictError
from workbench.prompts.disk import backups
from workbench.prompts.library import Library

backups.KEPT = 100_000
library = Library(Path(sys.argv[1]))
wrote = 0
while wrote < int(sys.argv[3]):
    try:
        opened = library.open("prompts/a/p.md")
        library.save(opened, f"{sys.argv[2]} {wrote}\\n" * 500)
        wrote += 1
    except SaveConflictError:
        pass
    except PromptError as gone:  # vim moves the file away before it writes it anew
        assert "does not exist" in gone.message, gone
"""

PLAIN = """
import os, sys
from pathlib import Path

file, how = Path(sys.argv[1]) / "prompts/a/p.md", sys.argv[2]
for number in range(int(sys.argv[3])):
    text = f"{how} {number}\\n" * 500
    if how == "rename":
        fresh = file.with_name("4913")
        fresh.write_text(text)
        os.replace(fresh, file)
    else:
        file.write_text(text)
"""


def written_by(name, times):
    return {f"{name} {number}\n" * 500 for number in range(times)}


def race(root, *writers):
    """Let programs write at the same time, each (program, name, how often)."""
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(root), name, str(times)])
        for code, name, times in writers
    ]
    assert [process.wait(timeout=120) for process in running] == [0] * len(running)


def test_two_workbenches_writing_at_once_lose_nothing_and_tear_nothing(project):
    file = project.write(PATH, "start")
    race(project.root, (WORKBENCH, "one", 60), (WORKBENCH, "two", 60))
    kept = [backup.raw.decode() for backup in Library(project.root).backups(PATH)]
    # Every save replaced what the one before it wrote, so each is there exactly once.
    expected = written_by("one", 60) | written_by("two", 60) | {"start"}
    assert sorted([*kept, file.read_text()]) == sorted(expected)
    assert files_below(project.root / "prompts") == ["a/p.md"]


def test_nothing_that_a_workbench_replaces_is_lost_while_another_program_renames_files_over_it(project):
    file = project.write(PATH, "start")
    race(project.root, (WORKBENCH, "one", 60), (WORKBENCH, "two", 60), (PLAIN, "rename", 300))
    kept = {backup.raw.decode() for backup in Library(project.root).backups(PATH)}
    ours = written_by("one", 60) | written_by("two", 60)
    assert kept | {file.read_text()} <= ours | written_by("rename", 300) | {"start"}  # nothing torn
    assert files_below(project.root / "prompts") == ["a/p.md"]
    assert all(written_whole(text) for text in kept)
    # The other program may replace our texts without asking, but we never replace its last word unkept.
    assert "rename 299\n" * 500 in kept | {file.read_text()}


def test_a_last_word_written_in_place_is_never_lost_to_workbenches_that_write_at_once(project):
    file = project.write(PATH, "start")
    race(project.root, (WORKBENCH, "one", 60), (WORKBENCH, "two", 60), (PLAIN, "in place", 300))
    kept = {backup.raw.decode() for backup in Library(project.root).backups(PATH)}
    assert "in place 299\n" * 500 in kept | {file.read_text()}
    assert written_whole(file.read_text())
    assert files_below(project.root / "prompts") == ["a/p.md"]


def written_whole(text):
    lines = text.splitlines()
    return text == "start" or (len(lines) == 500 and len(set(lines)) == 1)


vim = pytest.mark.skipif(shutil.which("vim") is None, reason="vim is not installed")


@vim
@pytest.mark.parametrize("how", ["backupcopy=no", "backupcopy=yes"])
def test_vim_and_a_workbench_writing_in_turn_are_both_asked_for_and_kept(project, library, how):
    file = project.write(PATH, "from vim 0\n")
    for turn in range(3):
        opened = library.open(PATH)
        assert vim_writes(file, how, f"%s/vim {turn}/vim {turn + 1}/")
        with pytest.raises(SaveConflictError):
            library.save(opened, "mine")
        assert file.read_text() == f"from vim {turn + 1}\n"
        library.save(opened, f"from us\nfrom vim {turn + 1}\n", over=True)
        assert held(library)[0] == f"from vim {turn + 1}\n".encode()
        library.save(library.open(PATH), f"from vim {turn + 1}\n")
    assert files_below(project.root / "prompts") == ["a/p.md"]


@vim
def test_everything_that_vim_writes_into_the_saving_of_a_workbench_is_kept(project, library):
    file = project.write(PATH, "start\n")
    workbench = subprocess.Popen([sys.executable, "-c", WORKBENCH, str(project.root), "one", "1000000"])
    written = 0
    try:
        for number in range(20):
            word = f"vim was here {number}\n"
            # Vim, too, looks whether the file changed while it had it, and then writes nothing.
            if vim_writes(file, "backupcopy=no", f"%d | call setline(1, '{word.strip()}')"):
                written += 1
                until(lambda word=word: word.encode() in held(library))
    finally:
        workbench.kill()
        workbench.wait()
    assert written > 0


def until(so, seconds=30):
    latest = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < latest
        time.sleep(0.005)


def vim_writes(file, how, command):
    """Let vim edit and write a file; returns whether it did write it, which its exit code alone hides."""
    did = file.parents[2] / "vim wrote"
    did.unlink(missing_ok=True)
    note = f"autocmd BufWritePost * call writefile([], '{did}')"
    words = [word for one in (f"set {how}", note, command, "wq!") for word in ("-c", one)]
    plainly = ["vim", "-N", "-u", "NONE", "-i", "NONE", "-n", "-es"]
    done = subprocess.run([*plainly, *words, str(file)], check=False, stdin=subprocess.DEVNULL, timeout=60)
    return done.returncode == 0 and did.exists()
