"""The page of keys says what the registry says."""

from docs.make_keys import FILE, page


def test_the_page_of_keys_is_up_to_date():
    assert FILE.read_text(encoding="utf-8") == page(), "remake it: python docs/make_keys.py"
