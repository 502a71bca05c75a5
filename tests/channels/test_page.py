"""The page: every message as its receiver sees it, in one file."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.channels import spell
from bot.channels.base import Channel
from bot.channels.page import Page
from bot.model.alert import Message, Picture, Section, Span
from bot.model.watch import Address
from tests.channels.conftest import CHART, LONG, MAP, SHORT, png

AT = datetime(2024, 12, 26, 21, 40, tzinfo=UTC)


class Reader(HTMLParser):
    """What a browser would find: elements, and the words outside of style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def test_bubbles_hold_what_telegram_gets() -> None:
    """The same pieces, in the same markup; the second quotes the first."""
    page = Page("Demo")
    page.add(LONG, AT)
    html = page.html()
    for piece in spell.pieces(LONG):
        assert f'<div class="text">{piece.html()}<time' in html
    assert html.count("<article") == 2
    assert "<blockquote><b>Airbridge</b><span>7 legs in 3 days</span></blockquote>" in html


def test_parts_have_headings_and_days() -> None:
    """Each part has its heading and text; a day is named once, in the receiver's zone."""
    page = Page("Demo", "One.\n\nTwo.", sender="Desk bot", tz=ZoneInfo("Africa/Tripoli"))
    page.part("A quiet year", "and an airlift")
    page.add(SHORT, AT)
    page.add(SHORT, AT + timedelta(minutes=10))
    page.add(SHORT, AT + timedelta(hours=1))
    page.part("A real day")
    found = Reader(page.html())
    text = "".join(found.words)
    for words in (
        "Demo",
        "One.",
        "Two.",
        "A quiet year",
        "and an airlift",
        "A real day",
        "Desk bot",
    ):
        assert words in text
    assert text.count("26 December 2024") == 1
    assert text.count("27 December 2024") == 1
    assert "23:40" in text
    assert len(found.all("h2")) == 2


def test_the_file_stands_alone(tmp_path: Path) -> None:
    """Pictures are inside, with their words; no script, and nothing is fetched."""
    page = Page("Demo")
    page.add(LONG, AT)
    page.write(tmp_path / "index.html")
    html = (tmp_path / "index.html").read_text("utf-8")
    found = Reader(html)
    images = found.all("img")
    assert [image["alt"] for image in images] == ["daily legs", "the path"]
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in images)
    assert (images[0]["width"], images[0]["height"]) == ("60", "40")
    assert not found.all("script")
    assert not re.findall(r"(?:src|url\()=?[\"']?http", html)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_strangers_stay_text() -> None:
    """Markup in titles, alt texts, names and headings is shown, not obeyed."""
    evil = '"><script>alert(1)</script>'
    page = Page(evil, evil, sender=evil)
    page.part(evil, evil)
    spans = (Span(evil, "b"), Span(evil, "", f"https://x/{evil}"))
    message = Message(
        evil, (Section((spans,), evil),), (Picture(evil, CHART.png, evil),), label=evil
    )
    page.add(message, AT)
    found = Reader(page.html())
    assert not found.all("script")
    assert "".join(found.words).count(evil) >= 9


def test_wide_pictures_are_stacked_and_narrow_ones_stand_side_by_side() -> None:
    """As Telegram lays out an album of two."""
    page = Page("Demo")
    page.add(LONG, AT)
    assert 'class="album tall"' in page.html()
    narrow = replace(LONG, pictures=(Picture("a.png", png(40, 60), ""), replace(MAP, png=b"?")))
    page.add(narrow, AT)
    assert 'class="album row"' in page.html()


def test_the_page_is_a_channel() -> None:
    """With a clock it takes messages from the outbox; an update quotes the first message."""
    page = Page("Demo", clock=lambda: AT)
    channel: Channel = page
    first = channel.send(SHORT, Address("page"))
    channel.send(replace(SHORT, title="Still rising"), Address("page"), reply_to=first.message_id)
    html = page.html()
    assert "<span>3 legs so far today</span></blockquote>" in html
    assert "21:40" in html


@pytest.mark.real
def test_a_phone_shows_it_without_scrolling_sideways(
    tmp_path: Path, need: Callable[[str, str], str]
) -> None:
    """In a real browser, 390 pixels wide, nothing sticks out."""
    browser = need("chromium", "chromium fonts-dejavu-core")
    page = Page("Demo", "An introduction " * 20)
    page.part("Part", "text")
    wide = Message("Wide", (Section(((Span("x" * 400),), (Span("wörd " * 80),))),), (CHART, MAP))
    page.add(wide, AT)
    page.write(tmp_path / "index.html")
    frame = (
        '<iframe id="f" src="index.html" style="width:390px;height:800px;border:0"></iframe>'
        "<script>onload=()=>{const d=document.getElementById('f').contentDocument"
        ".documentElement;document.title=`${d.scrollWidth - d.clientWidth} px`}</script>"
    )
    (tmp_path / "frame.html").write_text(frame, "utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}",
               "--virtual-time-budget=3000", "--dump-dom",
               f"file://{tmp_path}/frame.html"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "<title>0 px</title>" in done.stdout, done.stdout[:300]
