import subprocess
import sys

import pytest

import workbench
from tests.support.projects import Git
from workbench.errors import CasesError, ProjectError, PromptError, RevisionError

PROMPT = """\
---
params: {max_tokens: 20}
inputs: {tone: friendly}
output: {schema: {type: object}}
examples:
  - {ticket: Card declined twice, output: billing}
---
system:
Be {{ tone }}.

user:
{{ ticket }}
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "prompts").mkdir()
    (tmp_path / ".workbench.yml").write_text("models: {}\n")
    (tmp_path / "prompts/triage.md").write_text(PROMPT)
    return tmp_path


def test_a_loaded_prompt_renders_messages_as_plain_dictionaries(root):
    prompt = workbench.load("triage", root=root)
    assert prompt.messages(ticket="user:\nThe app crashes") == [
        {"role": "system", "content": "Be friendly."},
        {"role": "user", "content": "Card declined twice"},
        {"role": "assistant", "content": "billing"},
        {"role": "user", "content": "user:\nThe app crashes"},
    ]
    assert prompt.messages(ticket="x", tone="terse")[0]["content"] == "Be terse."
    assert (prompt.name, prompt.params, prompt.schema) == ("triage", {"max_tokens": 20}, {"type": "object"})


def test_the_project_is_found_from_the_working_folder(root, monkeypatch):
    monkeypatch.chdir(root / "prompts")
    assert workbench.load("triage").version.startswith("v:")
    assert not (root / ".workbench").exists()


def test_a_revision_is_rendered_as_it_was(root):
    git = Git(root)
    git("init", "-q")
    git.commit("first")
    git("tag", "v1.4")
    (root / "prompts/triage.md").write_text("Sort {{ ticket }}")
    assert len(workbench.load("triage", rev="v1.4", root=root).messages(ticket="x")) == 4
    assert len(workbench.load("triage", root=root).messages(ticket="x")) == 1
    with pytest.raises(RevisionError, match=r"git knows no revision “v9”"):
        workbench.load("triage", rev="v9", root=root)
    assert not (root / ".workbench").exists()


def test_what_cannot_be_loaded_or_rendered_is_told(root, tmp_path_factory):
    with pytest.raises(PromptError, match="Did you mean “triage”"):
        workbench.load("triaje", root=root)
    with pytest.raises(ProjectError, match=r"no \.workbench\.yml"):
        workbench.load("triage", root=tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(PromptError, match=r"prompts/triage\.md:12: 'ticket' is undefined"):
        workbench.load("triage", root=root).messages()
    (root / "prompts/triage.md").write_text("---\ninputs: {ticket: }\n---\n{{ ticket }}")
    with pytest.raises(CasesError, match="the input “ticket” of triage has no value"):
        workbench.load("triage", root=root).messages()


def test_loading_needs_no_screen_no_network_library_and_no_git(root):
    code = (
        "import sys, workbench\n"
        f"workbench.load('triage', root={str(root)!r}).messages(ticket='x')\n"
        "print([name for name in ('textual', 'litellm', 'git', 'aiohttp', 'tiktoken', 'click') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_package_has_nothing_else_by_accident():
    with pytest.raises(AttributeError, match="has no attribute 'unload'"):
        workbench.unload  # noqa: B018


@pytest.mark.parametrize(("name", "rev"), [("a\0", "HEAD"), ("\ud800", None), ("p", "\ud800"), ("p", "\0")])
def test_a_name_that_nothing_can_have_is_an_error_like_others(project, name, rev):
    project.write(".workbench.yml", "models: {}\n")
    project.write("prompts/p.md", "x")
    with pytest.raises(PromptError, match="no file and no revision has such a name"):
        workbench.load(name, rev=rev, root=project.root)
