import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.context.repeats import LEAST, LONG, Stretch, repeats, words_of

CHINESE = "在仓库确认包裹已经完整送达之前、请绝对不要向客户承诺任何退款或者换货。"
JAPANESE = "倉庫が荷物の到着を確認するまで、お客様に返金を約束しないでください。"
THAI = "อย่าสัญญาว่าจะคืนเงินก่อนที่คลังสินค้าจะยืนยันว่าพัสดุมาถึงแล้ว"
TWELVE = "Never promise a refund before the warehouse has confirmed that it arrived."


def told(*texts, **kinds):
    return repeats([[Stretch(text, number, **kinds)] for number, text in enumerate(texts)])


def test_a_passage_that_stands_in_two_texts_is_told_once_and_whole():
    (found,) = told(f"First. {TWELVE} Thank you.", f"Policy: {TWELVE} The end.")
    assert found.words == 12
    assert (found.first, found.second) == ((0, 7), (1, 8))


def test_eleven_words_are_no_passage():
    assert told(f"Do {TWELVE[6:]}"[3:], TWELVE[6:]) == ()


def test_spaces_lines_and_punctuation_make_no_difference():
    (found,) = told(TWELVE, f"> **{TWELVE.replace(' before ', chr(10) + '> before ').replace('.', '!')}**")
    assert found.words == 12


@pytest.mark.parametrize("passage", [CHINESE, JAPANESE, THAI], ids=["Chinese", "Japanese", "Thai"])
def test_a_passage_of_a_script_that_writes_no_spaces_is_told(passage):
    (found,) = told(f"{passage}", f"A: {passage} B")
    assert (found.first, found.second) == ((0, 0), (1, 3))
    assert found.words >= LEAST
    assert told(passage, passage[5:15]) == ()


def test_words_of_such_a_script_are_of_two_characters():
    assert words_of("你好吗 don\u2019t 日本語です b") == [
        "你好",
        "吗",
        "don\u2019t",
        "日本",
        "語",
        "です",
        "b",
    ]
    assert words_of("wait-and-see, naïve Ünïcode 1") == ["wait-and-see", "naïve", "Ünïcode", "1"]


def test_a_passage_within_one_text_is_told_unless_the_text_is_alone():
    text = f"{TWELVE} And then: {TWELVE}"
    assert [repeat.second for repeat in told(text)] == [(0, text.rindex("Never"))]
    assert told(text, alone=True) == ()


def test_texts_written_at_the_same_place_do_not_repeat_each_other():
    assert repeats([[Stretch(TWELVE, "here")], [Stretch(TWELVE, "here")]]) == ()


def test_a_passage_may_go_on_from_one_stretch_of_a_group_into_the_next():
    half = TWELVE.index("before")
    parts = [Stretch(TWELVE[:half], 1), Stretch(TWELVE[half:], 2)]
    assert [repeat.words for repeat in repeats([parts, [Stretch(TWELVE, 3)]])] == [12]
    assert repeats([parts[:1], parts[1:], [Stretch(TWELVE, 3)]]) == ()


def test_what_stands_three_times_is_told_with_its_second_and_third_place():
    found = told(TWELVE, TWELVE, TWELVE)
    assert [(repeat.first, repeat.second) for repeat in found] == [((0, 0), (1, 0)), ((0, 0), (2, 0))]


def test_long_texts_are_compared_with_short_ones_and_with_each_other():
    def filled(salt):
        return " ".join(f"{salt}{number}" for number in range(LONG // 4))

    shared = " ".join(f"s{number}" for number in range(40))
    texts = [f"{filled('a')} {shared} {filled('b')}", f"Look: {TWELVE}", f"{TWELVE} {filled('c')} {shared}"]
    found = told(*texts, alone=True)
    assert [(repeat.words, repeat.first[0], repeat.second[0]) for repeat in found] == [(12, 1, 2), (40, 0, 2)]
    assert texts[2].startswith("s0 s1", found[1].second[1])
    assert texts[0].startswith("s0 s1", found[1].first[1])


def test_a_long_text_that_stands_twice_is_one_passage():
    text = " ".join(f"w{number}" for number in range(LONG))
    assert [repeat.words for repeat in told(text, text, alone=True)] == [LONG]


def test_a_text_that_is_one_word_over_and_over_takes_no_time_to_speak_of():
    assert told("0 " * 300_000)


LETTERS = st.lists(st.sampled_from("abc"), max_size=60)


def windows(texts):
    """Every two places of one window, in texts by number, that do not overlap."""
    known = {}
    for number, words in enumerate(texts):
        for at in range(len(words) - LEAST + 1):
            known.setdefault(tuple(words[at : at + LEAST]), []).append((number, at))
    for places in known.values():
        for i, one in enumerate(places):
            for other in places[i + 1 :]:
                if one[0] != other[0] or other[1] - one[1] >= LEAST:
                    yield one, other


@st.composite
def texts_with_copies(draw):
    """A few texts, with pieces of one copied into another, as chance alone makes no long repeats."""
    texts = draw(st.lists(LETTERS, min_size=1, max_size=4))
    for _ in range(draw(st.integers(0, 3))):
        source = draw(st.sampled_from(texts))
        begin = draw(st.integers(0, len(source)))
        piece = source[begin : begin + draw(st.integers(0, 30))]
        target = draw(st.integers(0, len(texts) - 1))
        at = draw(st.integers(0, len(texts[target])))
        texts[target] = texts[target][:at] + piece + texts[target][at:]
    return texts


WRITTEN = st.sampled_from(
    [
        {"a": "a ", "b": "b ", "c": "c "},
        {"a": "一、", "b": "二、", "c": "三、"},
        {"a": "一二", "b": "二二", "c": "三二"},
    ]
)
"""Words of two characters each, with what divides them: in Chinese nothing need."""


@given(texts_with_copies(), WRITTEN)
def test_what_is_told_is_what_looking_at_every_two_places_finds(texts, written):
    found = told(*("".join(map(written.get, letters)) for letters in texts))
    told_at = set()
    for repeat in found:
        (one, i), (other, j) = ((number, offset // 2) for number, offset in (repeat.first, repeat.second))
        assert repeat.words >= LEAST
        assert texts[one][i : i + repeat.words] == texts[other][j : j + repeat.words]
        assert one != other or i + repeat.words <= j
        ends = i + repeat.words, j + repeat.words
        longer = one == other and ends[0] == j
        assert (
            longer
            or texts[one][ends[0] : ends[0] + 1] != texts[other][ends[1] : ends[1] + 1]
            or (ends[0] == len(texts[one]))
        )
        told_at |= {(other, at) for at in range(j, j + repeat.words)}
    everywhere = {(number, at) for number, words in enumerate(texts) for at in range(len(words))}
    sought = set(windows(texts))
    assert bool(found) == bool(sought)
    for _, (number, at) in sought:
        assert any((number, at + more) in told_at for more in range(LEAST)), "its second place is told"
    assert told_at <= everywhere
