"""Projects and repositories that a test makes for itself, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from textwrap import dedent

from workbench.context.messages import Context
from workbench.context.render import Renderer
from workbench.prompts.tree import Files
from workbench.prompts.version import Version, load_version

NONCE = "31415926535897932384626433832795028841"


def text_bytes(content: str | bytes) -> bytes:
    """Return a file's bytes; text is written indented in a test and loses that."""
    return content if isinstance(content, bytes) else dedent(content).removeprefix("\n").encode()


def tree(files: dict[str, str | bytes]) -> Files:
    """Return these files as a tree in memory."""
    return Files({path: text_bytes(content) for path, content in files.items()})


def version_of(prompt: str | bytes, files: dict[str, str | bytes] | None = None, name: str = "p") -> Version:
    """Return the version that this text of a prompt makes, with other files beside it by path."""
    return load_version(tree({f"prompts/{name}.md": prompt, **(files or {})}), name)


def rendered(
    prompt: str | bytes, inputs: dict | None = None, files: dict[str, str | bytes] | None = None
) -> Context:
    """Return the context of a prompt and these inputs."""
    return Renderer(version_of(prompt, files), NONCE).render(inputs or {})


def messages_of(context: Context) -> list[tuple[str, str]]:
    """Return role and content of each message."""
    return [(message.role, message.content) for message in context.messages]


def segments_of(context: Context, number: int = -1) -> list[tuple[str, str, str]]:
    """Return origin, name and text of each segment of one message, the last by default."""
    content = context.messages[number].content
    return [
        (segment.origin.value, segment.name, content[segment.start : segment.end])
        for segment in context.segments[number]
    ]


class Project:
    """A project folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, content: str | bytes) -> Path:
        """Write one file, with the folders above it."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text_bytes(content))
        return file


class Git:
    """Runs git in a folder, as nobody in particular and with nobody's configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, *words: str) -> str:
        """Run one command; returns what it printed."""
        nobody = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=nobody, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, subject: str) -> str:
        """Commit everything; returns the full hash."""
        self("add", "--all")
        self("commit", "--quiet", "--allow-empty", "--message", subject)
        return self("rev-parse", "HEAD")


def diverge(
    project: Project, git: Git, path: str, made: str = "one\n", side: str = "two\n", main: str = "three\n"
) -> None:
    """Commit a file, another text of it on the branch ``side``, and a third on ``main``, which stays."""
    project.write(path, made)
    git.commit("made")
    git("checkout", "--quiet", "-b", "side")
    project.write(path, side)
    git.commit("side")
    git("checkout", "--quiet", "main")
    project.write(path, main)
    git.commit("main")
