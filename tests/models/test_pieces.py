import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.models import pieces
from workbench.models.pieces import Pieces
from workbench.models.tokens import Tokenizers

TOKENIZERS = Tokenizers()
ENCODINGS = ["o200k_base", "cl100k_base", "p50k_base"]

SPACE = ["\n", "\r", "\r\n", "\n\n", " ", "  ", "\t", "\x0b", "\x1c", "\x85", "\xa0", "\u2028", "\u3000"]
WORDS = ["a", "B", "Zoo", "12", "½", "٣", "'s", "'LL", "don't", "ß", "日本", "é", "e\u0301", "\u0301", "ǅ"]
MARKS = ["/", "//", "#", "- ", "...", "{", '"', "_", "<|endoftext|>", "<|im_end|>", "😀", "\u200b", "\0"]

fragments = st.sampled_from(SPACE) | st.sampled_from(WORDS) | st.sampled_from(MARKS)
texts = st.lists(fragments | st.characters(exclude_categories=["Cs"]), max_size=40).map("".join)
# Some lines are longer than those that are counted whole.
long_texts = st.lists(st.tuples(texts, st.sampled_from([1, 1, 1, 300])), max_size=6).map(
    lambda parts: "".join(text * times for text, times in parts)
)


@pytest.fixture(scope="module", params=ENCODINGS)
def encoding(request):
    return TOKENIZERS.load(request.param)


@pytest.mark.parametrize("name", ENCODINGS)
@settings(max_examples=1000)
@given(text=texts | long_texts)
def test_the_pieces_of_a_text_have_the_tokens_of_the_whole(name, text):
    encoding = TOKENIZERS.load(name)
    cut = Pieces(encoding).cut(text)
    assert "".join(cut) == text
    assert [token for piece in cut for token in encoding.encode_ordinary(piece)] == encoding.encode_ordinary(
        text
    )


@pytest.mark.parametrize("name", ENCODINGS)
@settings(max_examples=300)
@given(text=texts | long_texts, data=st.data())
def test_as_many_tokens_begin_before_a_place_as_in_the_whole(name, text, data):
    encoding = TOKENIZERS.load(name)
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    starts, at = [], 0
    for token in encoding.encode_ordinary(text):
        starts.append(at)
        at += len(encoding.decode_single_token_bytes(token))
    ahead = [len(text[:place].encode()) for place in places]
    expected = [sum(start < byte for start in starts) for byte in ahead]
    assert Pieces(encoding).before(text, places) == expected


def test_lines_and_long_lines_are_cut(encoding):
    assert Pieces(encoding).cut("one\n<two>\n- three\n4") == ["one\n", "<two>\n", "- three\n", "4"]
    assert Pieces(encoding).cut("url\n/ and\nso on\n") == ["url\n/ and\n", "so on\n"]
    assert len(Pieces(encoding).cut("a long line " * 2000)) > 10


def test_what_a_newline_follows_decides_in_an_encoding_that_shares_spaces_out():
    text = "one\n\n  two"
    assert Pieces(TOKENIZERS.load("o200k_base")).cut(text) == ["one\n\n", "  two"]
    assert Pieces(TOKENIZERS.load("p50k_base")).cut(text) == [text]


class Watched:
    """An encoding that tells how many characters it was given."""

    def __init__(self, encoding):
        self._encoding = encoding
        self.name = encoding.name
        self.decode_single_token_bytes = encoding.decode_single_token_bytes
        self.encoded = 0

    def encode_ordinary(self, text):
        self.encoded += len(text)
        return self._encoding.encode_ordinary(text)


@pytest.fixture
def watched(encoding):
    return Watched(encoding)


LINES = "".join(f"{number} lines, and **this** one says: “do” {{{{ it }}}}.\n" for number in range(2100))


def test_after_a_changed_key_only_the_line_with_it_is_encoded(watched):
    counting = Pieces(watched)
    counting.before(LINES, [0, 50_000, len(LINES)])
    first, watched.encoded = watched.encoded, 0
    changed = LINES.replace("1000 lines", "1000 limes")
    assert counting.before(changed, [len(changed)]) == [len(watched._encoding.encode_ordinary(changed))]
    assert first >= len(LINES) > 100_000
    assert 0 < watched.encoded < 100


def test_after_a_changed_key_in_a_long_line_little_of_it_is_encoded(watched):
    line = LINES.replace("\n", " ")
    counting = Pieces(watched)
    counting.count(line)
    watched.encoded = 0
    changed = line.replace("1000 lines", "1000 limes")
    assert counting.count(changed) == len(watched._encoding.encode_ordinary(changed))
    assert 0 < watched.encoded < 20_000


def test_a_document_of_megabytes_is_encoded_once(watched):
    document = "".join(
        f"{number}: a line of a long document that never changes\n" for number in range(100_000)
    )
    counting = Pieces(watched)

    def count(before, after):
        watched.encoded = 0
        text = before + document + after
        return counting.before(text, [len(before), len(before) + len(document), len(text)])

    assert len(document) > 5_000_000
    first = count("Read this.\n", "And now?\n")
    assert watched.encoded >= len(document)
    second = count("Read that.\n", "What now?\n")
    assert 0 < watched.encoded < 400
    assert first == second
    assert counting.count(document) == len(watched._encoding.encode_ordinary(document))


@pytest.mark.parametrize("name", ENCODINGS)
@settings(max_examples=300)
@given(parts=st.lists(st.tuples(texts, st.sampled_from([1, 3, 30])), max_size=6))
def test_long_stretches_between_places_change_no_count(name, parts):
    encoding = TOKENIZERS.load(name)
    whole, places = "", []
    for text, times in parts:
        whole += text * times
        places.append(len(whole))
    expected = Pieces(encoding).before(whole, places)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_STRETCH", 20)
        counting = Pieces(encoding)
        assert counting.before(whole, places) == counting.before(whole, places) == expected


def test_what_was_forgotten_is_counted_anew_and_the_same(watched, monkeypatch):
    monkeypatch.setattr(pieces, "_REMEMBERED", 1000)
    counting = Pieces(watched)
    lines = LINES[:20_000]
    counts = [counting.count(lines) for _ in range(2)]
    assert counts == [len(watched._encoding.encode_ordinary(lines))] * 2
    assert watched.encoded == 2 * len(lines)


@pytest.mark.parametrize("letter", ["a", " ", "\n", "#", "日"])
def test_a_long_run_of_one_letter_is_counted(encoding, letter):
    text = letter * 50_000
    assert Pieces(encoding).count(text) == len(encoding.encode_ordinary(text))
