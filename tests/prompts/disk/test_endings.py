import time
from itertools import pairwise

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from tests.support.projects import Project
from workbench.prompts.disk.endings import restored_bytes
from workbench.prompts.library import Library

PATH = "prompts/p.md"
BOM = b"\xef\xbb\xbf"
ENDINGS = st.sampled_from(["\n", "\r\n", "\r"])
BARE = st.sampled_from(["", "a", "b", "é", "user:", "\u2028", "\x0b", "\x85"])
LINES = st.lists(st.tuples(BARE, ENDINGS), max_size=8)


def file_bytes(bom, lines, last):
    return (BOM if bom else b"") + ("".join(map("".join, lines)) + last).encode()


FILES = st.builds(file_bytes, st.booleans(), LINES, st.sampled_from(["", "end", "\ufeff"]))
UNIFORM = st.builds(
    lambda bom, ending, lines, last: file_bytes(bom, [(line, ending) for line in lines], last),
    st.booleans(),
    ENDINGS,
    st.lists(BARE, max_size=8),
    st.sampled_from(["", "end"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=FILES | UNIFORM)
def test_saving_an_untouched_file_leaves_every_byte_as_it_was(project: Project, raw):
    file = project.write(PATH, raw)
    library = Library(project.root)
    opened = library.open(PATH)
    assert "\r" not in opened.text
    assert library.save(opened, opened.text).raw == raw
    assert restored_bytes(raw, opened.text) == raw
    assert file.read_bytes() == raw


@example(raw=b"\ra\n", text="\n\n")
@example(raw=b"\n\r\ra\n", text="\n\n\n\n")
@given(raw=FILES, text=st.text(st.sampled_from("abé\n"), max_size=12))
def test_what_is_saved_reads_back_as_the_text_that_was_typed(raw, text):
    saved = restored_bytes(raw, text)
    assert saved.startswith(BOM) == raw.startswith(BOM)
    assert saved.removeprefix(BOM).decode().replace("\r\n", "\n").replace("\r", "\n") == text


@given(bom=st.booleans(), lines=st.lists(st.tuples(BARE, ENDINGS), min_size=1, max_size=8), data=st.data())
def test_an_edit_within_a_line_changes_the_bytes_of_that_line_alone(bom, lines, data):
    raw = file_bytes(bom, lines, "")
    at = data.draw(st.integers(0, len(lines) - 1))
    # A CR before an empty line that ends with LF would read as one ending, so the file says something else.
    assume(all(a[1] != "\r" or b != ("", "\n") for a, b in pairwise(lines)))
    bare = [line for line, _ in lines]
    text = "\n".join([*bare[:at], "edited", *bare[at + 1 :], ""])
    edited = [*lines[:at], ("edited", lines[at][1]), *lines[at + 1 :]]
    assert restored_bytes(raw, text) == file_bytes(bom, edited, "")


def test_a_new_line_takes_the_usual_ending_and_leaves_the_others_alone():
    before = b"one\r\ntwo\nthree\r\nfour\r\n"
    assert restored_bytes(before, "one\ntwo\nnew\nthree\nfour\n") == b"one\r\ntwo\nnew\r\nthree\r\nfour\r\n"


def test_a_large_file_of_mixed_endings_is_restored_within_a_keystroke():
    before = b"\r\n" * 20_000 + b"\n" * 20_000
    text = "\n" * 20_000 + "x" + "\n" * 20_000
    began = time.perf_counter()
    saved = restored_bytes(before, text)
    assert time.perf_counter() - began < 0.5
    assert (saved.count(b"\r\n"), saved.count(b"\n")) == (20_000, 40_000)
