from __future__ import annotations

import pytest

from tests.support.records import NOW, cell_of, result_of
from workbench.context.messages import Message, context_hash
from workbench.errors import RevisionError, StoreError

FILES = {"prompts/p.md": b"\xef\xbb\xbfHi\r\n", "docs/d.md": b"\x00\xff"}


def test_a_version_is_restored_byte_for_byte_by_the_beginning_of_its_hash(store):
    store.sources.keep_version("abc123", "p", FILES, NOW)
    store.sources.keep_version("abd456", "p", {"prompts/p.md": b"other"}, NOW)
    for prefix in ("abc", "ABC1", "abc123"):
        assert store.sources.version_files("p", prefix) == (
            "abc123",
            store.sources.version_files("p", "abc123")[1],
        )
        assert store.sources.version_files("p", prefix)[1].files == FILES


@pytest.mark.parametrize(
    ("prefix", "reason"),
    [
        ("ab", "several versions"),
        ("ffff", "no such version"),
        ("%", "no such"),
        ("ab_", "no such"),
        ("", "no such"),
    ],
)
def test_a_beginning_that_names_no_version_or_several_is_an_error(store, prefix, reason):
    store.sources.keep_version("abc123", "p", FILES, NOW)
    store.sources.keep_version("abd456", "p", FILES, NOW)
    with pytest.raises(RevisionError, match=reason):
        store.sources.version_files("p", prefix)


def test_two_prompts_of_the_same_content_are_both_kept(store):
    store.sources.keep_version("abc123", "p", {"prompts/p.md": b"Hi"}, NOW)
    store.sources.keep_version("abc123", "copy", {"prompts/copy.md": b"Hi"}, NOW)
    assert store.sources.version_files("p", "abc")[1].files == {"prompts/p.md": b"Hi"}
    assert store.sources.version_files("copy", "abc")[1].files == {"prompts/copy.md": b"Hi"}


def test_a_version_is_kept_once(store):
    store.sources.keep_version("abc123", "p", FILES, NOW)
    store.sources.keep_version("abc123", "p", {}, NOW)
    assert store.sources.version_files("p", "abc")[1].files == FILES


def test_a_context_comes_back_as_it_was_sent(store):
    messages = (Message("system", "a\n\0"), Message("user", "😀 \u2028"))
    store.sources.keep_contexts([messages, messages])
    assert store.sources.context(context_hash(messages)) == messages
    with pytest.raises(KeyError):
        store.sources.context("none")


def test_the_inputs_of_a_case_come_back_as_they_were(store):
    inputs = {"text": "ü\0", "talk": [{"role": "user", "content": "x"}], "none": None, "half": "\ud83d"}
    store.sources.keep_cases({"key": inputs})
    assert store.sources.inputs("key") == inputs
    with pytest.raises(KeyError):
        store.sources.inputs("none")


def test_the_case_of_a_result_is_found_also_where_it_was_tried_again(store, begin):
    run = begin([cell_of(0, "a"), cell_of(1, "b")])
    (failed,) = store.runs.add_results(run, [result_of("b", status="error")])
    (answer,) = store.runs.add_results(run, [result_of("b")])
    for result in (failed, answer):
        assert store.sources.case_of_result(result.id) == ("p", "case-b", "case b")
    with pytest.raises(StoreError, match="there is no result 99"):
        store.sources.case_of_result(99)
