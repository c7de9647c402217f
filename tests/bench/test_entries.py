"""The entries of a history as plain data: what stays known of them, and which two are compared."""

from __future__ import annotations

import pytest

from workbench.bench.entries import Entry, Listing

WORKING = Entry("p", "prompts/p.md", dirty=True, tokens=9, counted=True)
THIRD, SECOND, FIRST = (
    Entry(f"p@{digit * 40}", "prompts/p.md", commit=digit * 40, date=f"2026-01-0{digit}T12:00:00.000Z")
    for digit in "321"
)
LISTING = Listing("p", (WORKING, THIRD, SECOND, FIRST))


@pytest.mark.parametrize(
    ("highlighted", "marked", "older", "newer"),
    [
        (WORKING, (), THIRD, WORKING),
        (SECOND, (), FIRST, SECOND),
        (FIRST, (), None, FIRST),
        (SECOND, (SECOND,), FIRST, SECOND),
        (FIRST, (FIRST,), None, FIRST),
        (SECOND, (WORKING,), SECOND, WORKING),
        (WORKING, (SECOND,), SECOND, WORKING),
        (FIRST, (SECOND, WORKING), SECOND, WORKING),
        (SECOND, (FIRST, SECOND), FIRST, SECOND),
    ],
)
def test_a_version_is_compared_with_the_marked_one_or_with_the_one_before_it(
    highlighted, marked, older, newer
):
    found = LISTING.compared(highlighted.target, [entry.target for entry in marked])
    assert found == (older and older.target, newer.target)


def test_a_mark_that_is_no_longer_listed_does_not_count():
    assert LISTING.compared(SECOND.target, ["p@gone", WORKING.target]) == (SECOND.target, WORKING.target)
    assert LISTING.compared(SECOND.target, ["p@gone"]) == (FIRST.target, SECOND.target)


def known(entry: Entry, tokens: int) -> Entry:
    return Entry(entry.target, entry.path, entry.commit, date=entry.date, tokens=tokens, counted=True)


def test_what_was_known_of_commits_and_of_kept_versions_stays_known():
    kept = Entry("p@v:abc", "prompts/p.md", version="abc", date="2026-01-02T18:00:00.000Z", tokens=7)
    before = Listing("p", (WORKING, known(SECOND, 5), kept, known(FIRST, 3)), empty="of then")
    fresh = Listing("p", (Entry("p", "prompts/p.md", dirty=True), THIRD, SECOND, FIRST), empty="of now")
    found = fresh.with_known(before)
    assert [(entry.target, entry.tokens) for entry in found.entries] == [
        ("p", None),
        (THIRD.target, None),
        ("p@v:abc", 7),
        (SECOND.target, 5),
        (FIRST.target, 3),
    ]
    assert found.empty == "of now"


def test_nothing_is_known_without_a_listing_of_this_prompt():
    assert LISTING.with_known(None) is LISTING
    assert LISTING.with_known(Listing("q", (known(SECOND, 5),))) is LISTING
