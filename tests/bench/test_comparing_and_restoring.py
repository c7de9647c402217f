"""What differs between two versions, in files and as rendered; and a version put back, with undo."""

from __future__ import annotations

import pytest

from workbench.bench.bench import Bench
from workbench.errors import CasesError, PromptError, RevisionError, SaveConflictError

SETTINGS = """\
models:
  lab:
    model: openai/gpt-5.4-mini-2026-03-17
    api_base: http://127.0.0.1:1/v1
    price: {input: 1, output: 2}
defaults: {models: [lab]}
"""
PROMPT = """\
---
inputs: {ticket: }
examples: sort.examples.yml
documents: {rules: ../docs/rules.md}
---
system:
Sort.
{% include "_tone.md" %}
{{ documents.rules }}

user:
{{ ticket }}
"""
CASES = "- {name: card, inputs: {ticket: Card declined}}\n"
EXAMPLES = "- {ticket: Late, output: post}\n"


@pytest.fixture
async def bench(project, git, tmp_path):
    project.write(".workbench.yml", SETTINGS)
    project.write(".gitignore", ".workbench/\n")
    project.write("prompts/_tone.md", "Be brief.\n")
    project.write("docs/rules.md", "One queue each.\n")
    project.write("prompts/sort.md", PROMPT)
    project.write("prompts/sort.examples.yml", EXAMPLES)
    project.write("prompts/sort.cases.yml", CASES)
    git.commit("first version")
    opened = Bench(project.root, {}, tmp_path / "personal")
    yield opened
    await opened.close()


def changes(bench: Bench, a: str, b: str, **more) -> list[tuple]:
    return [(one.before_path, one.after_path) for one in bench.comparing.files(a, b, **more).files]


def test_every_file_of_a_version_that_differs_is_compared_and_its_cases(bench, project):
    for path in ("prompts/sort.md", "prompts/_tone.md", "docs/rules.md", "prompts/sort.cases.yml"):
        file = project.root / path
        file.write_text(file.read_text() + "# more\n")
    found = bench.comparing.files("sort@HEAD", "sort")
    assert [one.path for one in found.files] == [
        "prompts/sort.md",
        "prompts/_tone.md",
        "docs/rules.md",
        "prompts/sort.cases.yml",
    ]
    assert found.files[1].before == "Be brief.\n" and found.files[1].after == "Be brief.\n# more\n"
    assert (found.before.label, found.after.label) == ("HEAD", "working tree")


def test_files_that_come_and_go_stand_alone(bench, project):
    project.write("prompts/sort.md", PROMPT.replace('{% include "_tone.md" %}', '{% include "_new.md" %}'))
    project.write("prompts/_new.md", "Be kind.\n")
    assert changes(bench, "sort@HEAD", "sort") == [
        ("prompts/sort.md", "prompts/sort.md"),
        (None, "prompts/_new.md"),
        ("prompts/_tone.md", None),
    ]


def test_of_a_first_version_every_file_is_new_its_own_first(bench, project):
    found = bench.comparing.files("sort@HEAD", "sort@HEAD")
    assert found.files == ()
    new = found.as_new()
    assert new[0].path == "prompts/sort.md" and {one.path for one in new} == {
        *("prompts/sort.md", "prompts/sort.examples.yml", "prompts/_tone.md", "docs/rules.md")
    }
    assert {(one.before_path, one.before) for one in new} == {(None, "")}
    assert new[0].after == PROMPT and len(new) == 4


def test_line_endings_and_a_bom_are_no_difference(bench, project):
    project.write("prompts/sort.md", b"\xef\xbb\xbf" + PROMPT.replace("\n", "\r\n").encode())
    assert changes(bench, "sort@HEAD", "sort") == []


def test_a_renamed_prompt_is_compared_with_itself_under_its_old_name(bench, project, git):
    git("mv", "prompts/sort.md", "prompts/queue.md")
    git("mv", "prompts/sort.cases.yml", "prompts/queue.cases.yml")
    git.commit("renamed")
    found = bench.comparing.files("queue@HEAD~1", "queue").files
    assert [(one.before_path, one.after_path, one.before == one.after) for one in found] == [
        ("prompts/sort.md", "prompts/queue.md", True),
        ("prompts/sort.cases.yml", "prompts/queue.cases.yml", True),
    ]


def test_unsaved_text_is_what_the_working_tree_holds(bench):
    unsaved = {"prompts/sort.md": PROMPT.replace("Sort", "Queue").encode()}
    assert changes(bench, "sort@HEAD", "sort", unsaved=unsaved) == [("prompts/sort.md",) * 2]
    assert changes(bench, "sort@HEAD", "sort") == []


def test_of_a_broken_version_its_own_text_is_compared_and_the_reason_said(bench, project, git):
    project.write("prompts/sort.md", PROMPT + "{% if %}")
    git.commit("broken")
    found = bench.comparing.files("sort@HEAD~1", "sort@HEAD")
    assert [one.path for one in found.files] == ["prompts/sort.md"]
    assert found.after.target is None and "not a valid template" in found.after.trouble


def test_what_cannot_be_read_at_all_is_an_error(bench):
    with pytest.raises(PromptError):
        bench.comparing.files("nothing@HEAD", "nothing")
    with pytest.raises(RevisionError):
        bench.comparing.files("sort@nowhere", "sort")


async def test_rendered_versions_come_with_the_change_in_tokens_and_price(bench, project):
    project.write("prompts/_tone.md", "Be brief one two three.\n")
    found = await bench.comparing.rendered("sort@HEAD", "sort")
    before, after = found.texts
    assert before.startswith("── system ──\nSort.\nBe brief.") and "── user ──\nCard declined\n" in before
    assert "Be brief one two three." in after
    (delta,) = found.models
    assert delta.tokens == 3 and delta.cost == 3 * 1_000_000
    assert found.case.name == "card"


async def test_a_version_that_this_case_does_not_fit_is_named(bench, project, git):
    project.write("prompts/sort.md", PROMPT.replace("ticket", "mail"))
    project.write("prompts/sort.examples.yml", EXAMPLES.replace("ticket", "mail"))
    git.commit("another input")
    with pytest.raises(CasesError, match="HEAD cannot be rendered"):
        await bench.comparing.rendered("sort@HEAD~1", "sort@HEAD")


async def test_a_version_that_cannot_be_rendered_is_named_where_it_alone_is_asked_for(bench, project):
    project.write("prompts/sort.md", PROMPT.replace("{{ ticket }}", "{{ ticket.nothing.more }}"))
    with pytest.raises(PromptError, match="working tree cannot be rendered"):
        await bench.comparing.received("sort")


@pytest.fixture
def asked(bench, project, monkeypatch):
    """A prompt for two models, and the names of those that are asked what they make of a context."""
    project.write("prompts/sort.md", PROMPT.replace("---\n", "---\nmodels: [lab, openai/gpt-5.4]\n", 1))
    names = []
    ask = bench.previewing.for_model

    async def heard(version, context, model):
        names.append(model.name)
        return await ask(version, context, model)

    monkeypatch.setattr(bench.previewing, "for_model", heard)
    return names


async def test_no_more_models_are_asked_than_wanted(bench, asked):
    found = await bench.comparing.rendered("sort", "sort", most=1)
    assert asked == ["lab", "lab"] and [delta.after.model.name for delta in found.models] == ["lab"]
    asked.clear()
    found = await bench.comparing.rendered("sort", "sort")
    assert len(found.models) == 2 and asked == ["lab", "lab", "openai/gpt-5.4", "openai/gpt-5.4"]


async def test_what_a_version_receives_is_rendered_for_its_first_model(bench, asked):
    found = await bench.comparing.received("sort@HEAD", "card")
    assert found.context.messages[-1].content == "Card declined" and found.count.total > 10
    found = await bench.comparing.received("sort", "card")
    assert found.context.messages[-1].content == "Card declined" and found.count.total > 10
    assert asked == ["lab", "lab"]


# Restoring


def test_a_version_is_restored_byte_for_byte_with_its_examples_and_taken_back_again(bench, project, git):
    odd = b"\xef\xbb\xbf" + PROMPT.replace("\n", "\r\n").encode().removesuffix(b"\r\n")
    project.write("prompts/sort.md", odd)
    project.write("prompts/sort.examples.yml", EXAMPLES + "- {ticket: Lost, output: post}\n")
    git.commit("odd")
    now = PROMPT.replace("Sort", "Queue").encode()
    project.write("prompts/sort.md", now)
    project.write("prompts/sort.examples.yml", EXAMPLES)
    restored = bench.restoring.restore("sort", "sort@HEAD")
    assert (project.root / "prompts/sort.md").read_bytes() == odd
    assert b"Lost" in (project.root / "prompts/sort.examples.yml").read_bytes()
    assert bench.library.backups("prompts/sort.md")[0].raw == now
    assert bench.restoring.plan("sort", "sort@HEAD").own == ()
    bench.restoring.undo(restored)
    assert (project.root / "prompts/sort.md").read_bytes() == now
    assert (project.root / "prompts/sort.examples.yml").read_text() == EXAMPLES


def test_partials_and_documents_are_restored_only_where_that_is_wanted(bench, project):
    project.write("prompts/_tone.md", "Be kind.\n")
    project.write("docs/rules.md", "Two queues.\n")
    plan = bench.restoring.plan("sort", "sort@HEAD")
    assert plan.own == () and [write.path for write in plan.others] == ["prompts/_tone.md", "docs/rules.md"]
    bench.restoring.restore("sort", "sort@HEAD", ["docs/rules.md"])
    assert (project.root / "docs/rules.md").read_text() == "One queue each.\n"
    assert (project.root / "prompts/_tone.md").read_text() == "Be kind.\n"


def test_files_that_were_taken_away_come_back_and_undo_takes_them_away_again(bench, project):
    (project.root / "prompts/sort.md").unlink()
    (project.root / "prompts/sort.examples.yml").unlink()
    restored = bench.restoring.restore("sort", "sort@HEAD")
    assert (project.root / "prompts/sort.md").read_text() == PROMPT
    bench.restoring.undo(restored)
    assert not (project.root / "prompts/sort.md").exists()
    assert not (project.root / "prompts/sort.examples.yml").exists()


@pytest.mark.parametrize("created", [False, True])
def test_undo_touches_nothing_where_a_file_was_changed_since(bench, project, created):
    if created:
        (project.root / "prompts/sort.md").unlink()
    else:
        project.write("prompts/sort.md", "Hello {{ ticket }}\n")
    project.write("prompts/sort.examples.yml", "- {ticket: x, output: y}\n")
    restored = bench.restoring.restore("sort", "sort@HEAD")
    project.write("prompts/sort.md", "Written by another.\n")
    with pytest.raises(SaveConflictError):
        bench.restoring.undo(restored)
    assert (project.root / "prompts/sort.md").read_text() == "Written by another.\n"
    assert (project.root / "prompts/sort.examples.yml").read_text() == EXAMPLES


def test_a_version_that_git_does_not_hold_is_restored_from_the_store(bench, project):
    tried = PROMPT.replace("Sort", "Try").encode()
    project.write("prompts/sort.md", tried)
    version = bench.versions.load("sort").version
    bench.store.sources.keep_version(version.hash, "sort", version.files, "2026-01-31T12:00:00.000Z")
    project.write("prompts/sort.md", PROMPT)
    bench.restoring.restore("sort", f"sort@{version.short}")
    assert (project.root / "prompts/sort.md").read_bytes() == tried


def test_a_version_under_an_older_name_is_restored_to_where_the_prompt_is_now(bench, project, git):
    (project.root / "prompts/mail").mkdir()
    for suffix in (".md", ".cases.yml", ".examples.yml"):
        git("mv", f"prompts/sort{suffix}", f"prompts/mail/sort{suffix}")
    project.write("prompts/mail/sort.md", PROMPT.replace("../docs", "../../docs").replace("Sort", "Queue"))
    project.write("prompts/mail/sort.examples.yml", "- {ticket: x, output: y}\n")
    git.commit("moved")
    plan = bench.restoring.plan("mail/sort", "mail/sort@HEAD~1")
    assert [write.path for write in plan.own] == ["prompts/mail/sort.md", "prompts/mail/sort.examples.yml"]
    bench.restoring.restore("mail/sort", "mail/sort@HEAD~1")
    assert (project.root / "prompts/mail/sort.md").read_text() == PROMPT
    assert (project.root / "prompts/mail/sort.examples.yml").read_text() == EXAMPLES
    assert not (project.root / "prompts/sort.md").exists()
