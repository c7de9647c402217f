import asyncio
import ctypes
import os
import shutil
import subprocess
import threading
from contextlib import asynccontextmanager

import pytest

from workbench.errors import ProjectError
from workbench.prompts.disk.watching import GIT_STATE, Watching, touches
from workbench.prompts.library import Library

PATH = "prompts/a/p.md"


class Told:
    """What a watch has told so far."""

    def __init__(self, watching):
        self.watching = watching
        self.sets = []
        self.settled = 0
        self.more = asyncio.Event()

    async def listen(self):
        async for changed in self.watching.changes():
            self.sets.append(changed)
            self.more.set()

    @property
    def paths(self):
        return set().union(*self.sets)

    async def until(self, so):
        async with asyncio.timeout(20):
            while not so(self.paths):
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def watched(project, *git, also=()):
    """Watch a project, from when a first change is told, which is then forgotten."""
    watching = Watching(project.root, git)
    watching.also(also)
    told = Told(watching)
    listening = asyncio.create_task(told.listen())
    try:
        await begun(project, told)
        yield told
    finally:
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening


async def begun(project, told):
    """Return once changes are told."""
    number = 0
    while "prompts/begin.txt" not in told.paths:
        number += 1
        project.write("prompts/begin.txt", str(number))
        await asyncio.sleep(0.05)
    (project.root / "prompts/begin.txt").unlink()
    told.sets.clear()
    project.write("prompts/begun.txt", "")
    await told.until(lambda paths: "prompts/begun.txt" in paths)
    told.sets.clear()


async def settled(project, told):
    """Return once everything that happened before is told."""
    told.settled += 1
    mark = f"prompts/settled-{told.settled}.txt"
    project.write(mark, "")
    await told.until(lambda paths: mark in paths)
    return {path for path in told.paths if not path.endswith(".txt")}


async def test_files_that_are_made_changed_and_deleted_are_told(project):
    project.write(PATH, "one")
    project.write("prompts/gone.md", "x")
    async with watched(project) as told:
        assert told.watching.on
        project.write(PATH, "two")
        project.write("prompts/new.md", "x")
        (project.root / "prompts/gone.md").unlink()
        project.write("notes.txt", "not watched")
        assert await settled(project, told) == {PATH, "prompts/new.md", "prompts/gone.md"}


@pytest.mark.parametrize("how", ["renamed", "saved by us"])
async def test_an_editor_that_saves_by_renaming_is_told_as_the_file_alone(project, how):
    file = project.write(PATH, "one")
    async with watched(project) as told:
        if how == "renamed":
            project.write("prompts/a/.p.md.x1y2", "two")
            os.replace(project.root / "prompts/a/.p.md.x1y2", file)
        else:
            library = Library(project.root)
            library.save(library.open(PATH), "two")
        assert await settled(project, told) == {PATH}


@pytest.mark.skipif(shutil.which("vim") is None, reason="vim is not installed")
@pytest.mark.parametrize("how", ["backupcopy=no", "backupcopy=yes"])
async def test_vim_is_told_as_the_file_alone(project, how):
    file = project.write(PATH, "one\n")
    async with watched(project) as told:
        words = ["-c", f"set {how} swapfile", "-c", "%s/one/two/", "-c", "wq!"]
        await asyncio.to_thread(
            subprocess.run,
            ["vim", "-N", "-u", "NONE", "-i", "NONE", "-es", *words, str(file)],
            stdin=subprocess.DEVNULL,
            check=True,
        )
        assert await settled(project, told) == {PATH}
    assert file.read_text() == "two\n"


async def test_a_folder_that_is_made_and_filled_at_once_is_told_and_watched(project):
    project.write("prompts/p.md", "x")
    async with watched(project) as told:
        project.write("prompts/new/deep/p.md", "one")
        await told.until(lambda paths: touches(paths, "prompts/new/deep/p.md"))
        # The new folders are told again once they are watched; from then on each file is.
        await told.until(lambda paths: "prompts/new/deep" in paths)
        await written_until_told(project, told, "prompts/new/deep/p.md")


async def written_until_told(project, told, path):
    number = 0
    async with asyncio.timeout(20):
        while path not in told.paths:
            number += 1
            project.write(path, str(number))
            await asyncio.sleep(0.1)


async def test_prompts_may_be_missing_deleted_and_made_anew(project):
    told = Told(Watching(project.root))
    listening = asyncio.create_task(told.listen())
    try:
        await written_until_told(project, told, PATH)
        shutil.rmtree(project.root / "prompts")
        await told.until(lambda paths: "prompts" in paths)
        told.sets.clear()
        await written_until_told(project, told, PATH)
    finally:
        listening.cancel()
        await asyncio.wait([listening])
    assert not told.watching.on


async def test_other_folders_in_use_are_watched_as_they_are_named_existing_or_not(project):
    project.write("docs/deep/refunds.md", "x")
    async with watched(project) as told:
        told.watching.also(["docs/deep", "later/on"])
        await written_until_told(project, told, "docs/deep/refunds.md")
        project.write("docs/elsewhere.md", "not in use")
        await written_until_told(project, told, "later/on/more.md")
        assert "docs/elsewhere.md" not in await settled(project, told)
        told.watching.also([""])
        await written_until_told(project, told, "notes.txt")
        told.sets.clear()
        project.write("docs/deep/refunds.md", "no longer in use")
        assert "docs/deep/refunds.md" not in await settled(project, told)


async def test_git_tells_when_something_is_staged_committed_or_checked_out(project, git):
    project.write(PATH, "one")
    git.commit("first")
    async with watched(project, project.root / ".git") as told:
        for words in (
            ("add", "--all"),
            ("commit", "--quiet", "--allow-empty", "--message", "second"),
            ("checkout", "--quiet", "-b", "other/branch"),
            ("branch", "some/where"),
        ):
            told.sets.clear()
            project.write("prompts/new.md", words[0])
            git(*words)
            await told.until(lambda paths: GIT_STATE in paths)
        for _ in range(2):  # the folder of the new branch is told once more when it is watched
            await settled(project, told)
        told.sets.clear()
        project.write(".git/COMMIT_EDITMSG", "x")
        project.write(".git/index.lock", "x")
        assert GIT_STATE not in await settled(project, told)


async def test_where_the_system_cannot_watch_there_is_one_line_that_says_so(project):
    library, taken = ctypes.CDLL(None), []
    while (descriptor := library.inotify_init()) >= 0:
        taken.append(descriptor)
    try:
        with pytest.raises(ProjectError, match="changes by other programs are not noticed") as caught:
            async for _ in Watching(project.root).changes():
                pass
    finally:
        for descriptor in taken:
            os.close(descriptor)
    assert "\n" not in caught.value.message and "inotify" in caught.value.hint


async def test_watching_ends_at_once_and_leaves_no_thread(project):
    loop = asyncio.get_running_loop()
    async with watched(project):
        began = loop.time()
    assert loop.time() - began < 0.5
    for thread in [thread for thread in threading.enumerate() if thread.name == "watching"]:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()


async def test_watching_ends_where_the_project_goes_away(project):
    told = Told(Watching(project.root))
    listening = asyncio.create_task(told.listen())
    await begun(project, told)
    shutil.rmtree(project.root)
    async with asyncio.timeout(20):
        await listening


def test_a_changed_folder_touches_what_is_in_it():
    assert touches({"prompts/a"}, "prompts/a/b/p.md")
    assert touches({"prompts/a/p.md"}, "prompts/a/p.md")
    assert not touches({"prompts/a/p.md", "prompts/b"}, "prompts/a/q.md")
