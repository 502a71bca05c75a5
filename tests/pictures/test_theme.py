"""Letters, sizes and the sheet."""

import struct
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pictures.theme import DARK, LIGHT, MARGIN, TITLE, WIDTH, Sheet, palette, plain
from tests.pictures.facts import named


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hmeimim → al-Khadim", "Hmeimim → al-Khadim"),
        ("Domodedovo / Домодедово", "Domodedovo / Домодедово"),
        ("Łódź, Chișinău, Đà Nẵng", "Łódź, Chișinău, Đà Nẵng"),
        ("Beijing 北京 (首都)", "Beijing"),
        ("✈️ alert 🚨 now", "alert now"),
        ("مطار بنينا", ""),
        ("one\ntwo\tthree\x00", "one two three"),
        ("㎞ ½ Ⅳ", "km ½ Ⅳ"),
        ("$5 and $6_x^2", "$5 and $6_x^2"),
    ],
)
def test_text_keeps_what_the_font_can_show(text: str, shown: str) -> None:
    """Scripts the font lacks are left out, the rest is kept as it was written."""
    assert plain(text) == shown


@given(st.text())
def test_any_text_can_be_drawn(text: str) -> None:
    """Whatever a name holds, drawing it warns of no missing letter and leaves no control in it."""
    clean = plain(text)
    assert plain(clean) == clean
    assert not [c for c in clean if unicodedata.category(c).startswith("C")]
    sheet = Sheet(DARK)
    assert sheet.width(clean, 20.0) >= 0  # a missing glyph is a warning, and a warning an error


def test_dollar_signs_are_not_mathematics() -> None:
    """A name with two dollar signs is drawn as it stands."""
    sheet = Sheet(LIGHT)
    sheet.header("$\\frac{", "$a$ to $b$", "")
    assert sheet.png().startswith(b"\x89PNG")


def test_a_long_title_is_shrunk_then_cut() -> None:
    """A title never leaves the sheet, however long; a cut one says so."""
    sheet = Sheet(DARK)
    fitted, size = sheet.fit("wide " * 13, TITLE, WIDTH - 2 * MARGIN, least=22, bold=True)
    assert size < TITLE
    assert "…" not in fitted
    cut, size = sheet.fit("word " * 60, TITLE, WIDTH - 2 * MARGIN, least=22, bold=True)
    assert (cut[-1], size) == ("…", 22)
    assert sheet.width(cut, size, bold=True) <= WIDTH - 2 * MARGIN


def test_a_sheet_is_1100_by_680_pixels() -> None:
    """The PNG has the promised size."""
    png = Sheet(palette(True)).png()
    assert struct.unpack(">II", png[16:24]) == (1100, 680)


def test_a_label_is_printed_in_the_image() -> None:
    """A label given to the header stands above the title; without one there is no empty band."""
    sheet = Sheet(DARK)
    with_label = sheet.header("t", "s", "RECONSTRUCTION")
    (label,), (title,) = named(sheet, "label"), named(sheet, "title")
    assert label.get_text() == "RECONSTRUCTION"
    assert label.get_position()[1] > title.get_position()[1]
    assert Sheet(DARK).header("t", "s") < with_label


def test_same_facts_same_bytes() -> None:
    """A picture holds nothing but its facts: no date, no version."""
    one, two = Sheet(DARK), Sheet(DARK)
    assert one.png() == two.png()
    assert b"matplotlib" not in one.png()
