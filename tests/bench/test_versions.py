from __future__ import annotations

import pytest

import workbench
from workbench.bench.bench import Bench
from workbench.bench.running import Request
from workbench.errors import PromptError, RevisionError
from workbench.prompts.history import Revision

SETTINGS = """\
models:
  lab: {model: openai/a, api_base: 'http://127.0.0.1:1/v1', price: {input: 0, output: 0}}
defaults: {models: [lab]}
"""

LONG = "".join(f"This is line {number} of a prompt.\n" for number in range(20))


@pytest.fixture
async def bench(project, git, tmp_path):
    project.write(".workbench.yml", SETTINGS)
    project.write(".gitignore", ".workbench/\n")
    opened = Bench(project.root, {}, tmp_path / "personal")
    yield opened
    await opened.close()


@pytest.fixture
def three(project, git):
    """Three commits of the prompt ``p``, which say one, two and three; returns their hashes."""
    hashes = []
    for word in ("one", "two", "three"):
        project.write("prompts/p.md", word)
        hashes.append(git.commit(f"say {word}\n\nReviewed by {word}."))
    git("tag", "-a", "v1", "-m", "the first", hashes[0])
    git("branch", "feature/x", hashes[1])
    return hashes


@pytest.mark.parametrize(
    ("revision", "word"),
    [
        ("HEAD", "three"),
        ("@", "three"),
        ("HEAD~2", "one"),
        ("HEAD^", "two"),
        ("v1", "one"),
        ("v1^{commit}", "one"),
        ("v1^0", "one"),
        ("feature/x", "two"),
        ("refs/heads/feature/x", "two"),
        ("main@{1}", "two"),
        ("main@{now}", "three"),
        ("@{1}", "two"),
        (":/say two", "two"),
        (":/^say one", "one"),
        ("HEAD^{/Reviewed by two}", "two"),
        ("HEAD^{/say one}", "one"),
    ],
)
def test_a_prompt_is_read_at_any_expression_that_names_a_commit(bench, three, revision, word):
    target = bench.versions.load(f"p@{revision}")
    assert target.version.prompt.template == word
    assert target.typed == revision
    assert target.revision == three[("one", "two", "three").index(word)]
    assert not target.dirty
    root = bench.root
    assert workbench.load("p", rev=revision, root=root).messages() == [{"role": "user", "content": word}]


def test_an_abbreviated_hash_names_its_commit(bench, three):
    assert bench.versions.load(f"p@{three[1][:7]}").revision == three[1]


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("HEAD:prompts", "names no commit but a tree"),
        ("HEAD^{tree}", "names no commit but a tree"),
        ("HEAD:prompts/p.md", "names no commit but a blob"),
        (":prompts/p.md", "names no commit but a blob"),
        ("--all", "git knows no revision"),
        ("-n1", "git knows no revision"),
        ("--output=/tmp/x", "git knows no revision"),
        ("HEAD~9", "git knows no revision"),
        ("HEAD..v1", "git knows no revision"),
        ("^v1", "git knows no revision"),
        (":/no such words", "git knows no revision"),
        ("nowhere", "git knows no revision"),
        ("v1\nv1", "git knows no revision"),
        ("v1\0", "git knows no revision"),
    ],
)
def test_an_expression_that_names_no_commit_is_an_error_that_says_what_to_name(
    bench, three, revision, reason
):
    with pytest.raises(RevisionError, match=reason) as caught:
        bench.versions.load(f"p@{revision}")
    assert "HEAD~2" in caught.value.hint


def test_a_prompt_is_found_under_the_name_it_had_and_keeps_its_own(bench, project, git):
    project.write("docs/d.md", "grounding")
    project.write("prompts/old.md", f"---\ndocuments: {{d: ../docs/d.md}}\n---\n{LONG}{{{{ documents.d }}}}")
    git.commit("made")
    (project.root / "prompts/sub").mkdir()
    git("mv", "prompts/old.md", "prompts/sub/new.md")
    git.commit("renamed")
    project.write(
        "prompts/sub/new.md", f"---\ndocuments: {{d: ../../docs/d.md}}\n---\n{LONG}{{{{ documents.d }}}}"
    )
    git.commit("mended")
    before = bench.versions.load("sub/new@HEAD~2").version
    assert before.prompt.name == "sub/new"
    assert before.prompt.path == "prompts/old.md"
    assert set(before.files) == {"prompts/old.md", "docs/d.md"}
    now = bench.versions.load("sub/new")
    assert now.version.hash == before.hash
    assert not now.dirty
    with pytest.raises(PromptError, match=r"at HEAD~1: .*docs/d\.md, which does not exist"):
        bench.versions.load("sub/new@HEAD~1")
    with pytest.raises(PromptError, match="at HEAD~2: there is no prompt “none”"):
        bench.versions.load("none@HEAD~2")


def test_a_version_under_an_older_name_is_restored_from_the_store(bench, project, git):
    project.write("prompts/_tone.md", "Be kind.")
    project.write("prompts/old.md", LONG + '{% include "_tone.md" %}')
    git.commit("made")
    git("mv", "prompts/old.md", "prompts/new.md")
    git.commit("renamed")
    before = bench.versions.load("new@HEAD~1").version
    bench.store.sources.keep_version(before.hash, "new", before.files, "2026-01-01T00:00:00.000Z")
    stored = bench.versions.load(f"new@{before.short}")
    assert stored.version.hash == before.hash
    assert stored.version.prompt.name == "new"


def test_a_rename_that_is_not_committed_leaves_the_prompt_unchanged(bench, project, git):
    project.write("prompts/old.md", LONG)
    git.commit("made")
    bench.history.move([("prompts/old.md", "prompts/new.md")])
    assert bench.versions.load("new@HEAD").version.prompt.template == LONG
    assert not bench.versions.load("new").dirty


def test_the_list_of_the_history_says_where_to_read_each_version(bench, project, git):
    project.write("prompts/old.md", LONG)
    git.commit("made")
    git("mv", "prompts/old.md", "prompts/new.md")
    git.commit("renamed")
    for commit in bench.history.log("prompts/new.md"):
        version = bench.versions.at("new", Revision(commit.hash, commit.hash), commit.path)
        assert version.prompt.template == LONG
        assert version.prompt.path == commit.path


@pytest.mark.parametrize("name", ["_tone", "../docs/d", "sub/_x/p", "/etc/passwd"])
def test_what_can_be_no_prompt_is_none_at_a_revision_either(bench, project, git, name):
    for path in ("prompts/_tone.md", "docs/d.md", "prompts/sub/_x/p.md"):
        project.write(path, "x")
    git.commit("made")
    with pytest.raises(PromptError, match=r"cannot be the name of a prompt|is a partial"):
        bench.versions.load(f"{name}@HEAD")


async def test_equal_content_at_different_commits_is_one_version_and_competes_once(bench, project, git):
    for word in ("one", "two", "one"):
        project.write("prompts/p.md", word)
        git.commit(f"say {word}")
    git("tag", "same")
    git.commit("nothing of the prompt")
    project.write("prompts/p.md", "---\ndescription: Told anew.\n---\none")
    git.commit("described")
    assert bench.versions.load("p@HEAD").version.hash == bench.versions.load("p@HEAD~4").version.hash
    same = ("p", "p@HEAD", "p@same", "p@HEAD~2", "p@HEAD~4")
    prepared = await bench.running.prepare(Request(same))
    assert len(prepared.plan.cells) == 1
    prepared = await bench.running.prepare(Request((*same, "p@HEAD~3")))
    assert len({cell.contender.version for cell in prepared.plan.cells}) == len(prepared.plan.cells) == 2


def test_a_damaged_commit_does_not_keep_the_working_tree_from_being_read(bench, project, git):
    project.write("prompts/p.md", "x")
    git.commit("made")
    tree = git("rev-parse", "HEAD^{tree}")
    (project.root / f".git/objects/{tree[:2]}/{tree[2:]}").unlink()
    target = bench.versions.load("p")
    assert target.version.prompt.template == "x"
    assert target.dirty
    with pytest.raises(RevisionError, match="cannot read all of this repository"):
        bench.versions.load("p@HEAD")
