from __future__ import annotations

import pytest

from tests.support.projects import tree, version_of
from workbench.errors import PromptError
from workbench.prompts.tree import Overlay
from workbench.prompts.version import load_version

PROMPT = """\
---
description: Sorts.
models: [smol]
params: {temperature: 0}
inputs:
  ticket: {description: The message.}
  tone: friendly
examples: examples.yml
documents: {refunds: ../docs/refunds.md}
output: {schema: {type: object}}
---
user:
{% include "_tone.md" %}
{{ ticket }}
"""
FILES = {
    "prompts/_tone.md": "Be kind.\n",
    "prompts/examples.yml": "- {ticket: a, output: b}\n",
    "docs/refunds.md": "No refunds.\n",
}


def refusal(prompt, files=None, name="p"):
    with pytest.raises(PromptError) as caught:
        version_of(prompt, files, name)
    return caught.value


def test_a_version_holds_every_file_it_reads_byte_for_byte():
    version = version_of(PROMPT.replace("\n", "\r\n"), FILES)
    assert version.files == {
        "prompts/p.md": PROMPT.replace("\n", "\r\n").encode(),
        **{path: content.encode() for path, content in FILES.items()},
    }
    assert load_version(tree(dict(version.files)), "p").hash == version.hash
    assert version.short == f"v:{version.hash[:6]}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Sorts.", "Sorts well."),
        ("[smol]", "[mini]"),
        ("temperature: 0", "temperature: 1"),
        ("The message.", "A message."),
        ("\n", "\r\n"),
        ("---\ndescription", "---\nacme.owner: me\ndescription"),
    ],
)
def test_what_does_not_decide_the_rendering_leaves_the_hash_alone(old, new):
    assert version_of(PROMPT.replace(old, new), FILES).hash == version_of(PROMPT, FILES).hash


@pytest.mark.parametrize("path", FILES)
def test_windows_line_endings_in_any_file_leave_the_hash_alone(path):
    changed = {**FILES, path: b"\xef\xbb\xbf" + FILES[path].replace("\n", "\r\n").encode()}
    assert version_of(PROMPT, changed).hash == version_of(PROMPT, FILES).hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{{ ticket }}", "{{ ticket }}!"),
        ("tone: friendly", "tone: stern"),
        ("tone: friendly", "tone:"),
        ("type: object", "type: array"),
        ("ticket: {description: The message.}", "ticket: {kind: turns}"),
    ],
)
def test_what_decides_the_rendering_changes_the_hash(old, new):
    assert version_of(PROMPT.replace(old, new), FILES).hash != version_of(PROMPT, FILES).hash


@pytest.mark.parametrize("path", FILES)
def test_a_changed_partial_example_or_document_changes_the_hash(path):
    changed = {
        **FILES,
        path: FILES[path].replace("kind", "brief").replace("a, o", "z, o").replace("No", "All"),
    }
    assert changed != FILES
    assert version_of(PROMPT, changed).hash != version_of(PROMPT, FILES).hash


def test_the_files_of_cases_are_no_part_of_a_version():
    with_cases = {**FILES, "prompts/p.cases.yml": "- inputs: {ticket: x}"}
    assert version_of(PROMPT, with_cases).hash == version_of(PROMPT, FILES).hash


def test_partials_include_partials_relative_to_the_folder_of_prompts():
    version = version_of(
        '{% include "_a/one.md" %}',
        {"prompts/_a/one.md": '{% import "_a/two.md" as two %}', "prompts/_a/two.md": "x"},
        name="deep/p",
    )
    assert set(version.partials) == {"_a/one.md", "_a/two.md"}


def test_partials_that_include_each_other_are_read_once():
    files = {"prompts/_a.md": '{% include "_b.md" %}', "prompts/_b.md": '{% include "_a.md" %}'}
    assert set(version_of('{% include "_a.md" %}', files).partials) == {"_a.md", "_b.md"}


def test_an_include_that_may_be_missing_may_be_missing():
    assert version_of('{% include "_a.md" ignore missing %}').partials == {}
    assert version_of('{% include "_a.md" ignore missing %}', {"prompts/_a.md": "x"}).partials == {
        "_a.md": "x"
    }


@pytest.mark.parametrize("name", ["../docs/x.md", "/etc/passwd", "a/../../x.md", "..\\x.md", "", "."])
def test_an_include_may_not_leave_the_folder_of_prompts(name):
    error = refusal(f"Hi\n{{% include {name!r} %}}", {"docs/x.md": "x"})
    assert "leaves the folder prompts/" in error.message
    assert str(error.place) == "prompts/p.md:2"


@pytest.mark.parametrize(
    "tag", ["include x", "include 'a' ~ 'b'", "include ['_a.md']", "import x as y", "extends x", "include 3"]
)
def test_the_name_of_an_include_is_plain_text(tag):
    error = refusal(f"---\ninputs: {{x: _a.md}}\n---\n{{% {tag} %}}", {"prompts/_a.md": ""})
    assert "must be plain text" in error.message
    assert str(error.place) == "prompts/p.md:4"


def test_a_missing_include_suggests_the_nearest_file():
    error = refusal('a\nb {% include "_tone.md" %}', {"prompts/_tones.md": ""})
    assert str(error.place) == "prompts/p.md:2"
    assert "prompts/_tones.md" in error.hint


@pytest.mark.parametrize("path", ["../../outside.md", "/etc/passwd", "..", "../../project/x.md"])
def test_a_document_may_not_leave_the_project(path):
    error = refusal(f"---\ninputs: {{}}\ndocuments:\n  a: {path}\n---\n")
    assert "leaves the project" in error.message
    assert str(error.place) == "prompts/p.md:4"


def test_examples_may_not_leave_the_project():
    assert "leaves the project" in refusal("---\nexamples: ../../x.yml\n---\n").message


def test_a_missing_document_suggests_the_nearest_file():
    error = refusal("---\ndocuments: {a: ../docs/refund.md}\n---\n", {"docs/refunds.md": ""})
    assert (str(error.place), error.hint) == ("prompts/p.md:2", "Did you mean “docs/refunds.md”?")


@pytest.mark.parametrize("raw", [b"a\0b", b"a\xff"])
def test_a_document_that_is_not_text_is_an_error_that_names_it(raw):
    error = refusal("---\ndocuments: {a: x.bin}\n---\n", {"prompts/x.bin": raw})
    assert error.place.path == "prompts/x.bin"
    assert "offset 1" in error.message


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("e.yml", "- {ticket: a, output: yes}\n- {ticket: b, output: {n: 1}}\n"),
        ("e.jsonl", '{"ticket": "a", "output": "yes"}\n\n{"ticket": "b", "output": {"n": 1}}\n'),
    ],
)
def test_examples_are_read_from_yaml_and_json_lines(path, content):
    version = version_of(f"---\nexamples: {path}\n---\n", {f"prompts/{path}": content})
    assert [(example.inputs, example.output) for example in version.examples] == [
        ({"ticket": "a"}, "yes"),
        ({"ticket": "b"}, '{"n": 1}'),
    ]
    assert version.examples[0].place.path == f"prompts/{path}"


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("e.yml", "a: b", 1),
        ("e.yml", "- {a: b, output: x}\n- {a: b}", 2),
        ("e.jsonl", '{"output": 1}\n{}', 2),
        ("e.jsonl", "x", 1),
    ],
)
def test_examples_that_are_wrong_name_file_and_line(path, content, line):
    error = refusal(f"---\nexamples: {path}\n---\n", {f"prompts/{path}": content})
    assert str(error.place) == f"prompts/{path}:{line}"


def test_a_template_that_does_not_parse_names_the_line_of_its_file():
    error = refusal("---\ndescription: x\n---\nHi\n{% if x %}\n{{ y \n")
    assert error.place.path == "prompts/p.md"
    assert error.place.line >= 6
    partial = refusal('{% include "_a.md" %}', {"prompts/_a.md": "ok\n{% endfor %}"})
    assert str(partial.place) == "prompts/_a.md:2"


def test_a_template_nested_without_end_is_an_error_and_no_crash():
    assert "nested too deeply" in refusal("{{ " + "(" * 5000 + "x" + ")" * 5000 + " }}").message


def test_a_missing_prompt_suggests_the_nearest():
    files = {"prompts/support/triage.md": "x", "prompts/_triage.md": "x"}
    with pytest.raises(PromptError, match="no prompt “support/triag”") as caught:
        load_version(tree(files), "support/triag")
    assert caught.value.hint == "Did you mean “support/triage”?"


@pytest.mark.parametrize("name", ["_tone", "_shared/x", "a/_b"])
def test_a_partial_is_never_run(name):
    assert "is a partial" in refusal("x", name=name).message


@pytest.mark.parametrize("name", ["../README", "a//b", "./a", "/etc/passwd", "a/../b", "a/", ""])
def test_a_prompt_has_one_name_and_lies_in_the_folder_of_prompts(name):
    with pytest.raises(PromptError, match=r"cannot be the name|no prompt"):
        load_version(tree({"prompts/a.md": "x", "prompts/b.md": "x", "README.md": "x"}), name)


def test_text_on_screen_stands_over_the_file_on_disk():
    disk = tree({"prompts/p.md": '{% include "_a.md" %}', "prompts/_a.md": "old"})
    screen = Overlay(disk, {"prompts/_a.md": b"new", "prompts/_b.md": b"other"})
    assert load_version(screen, "p").partials == {"_a.md": "new"}
    assert sorted(screen.paths("prompts")) == ["prompts/_a.md", "prompts/_b.md", "prompts/p.md"]
