"""The few rules of the Bot API that the fake enforces, each as documented
(core.telegram.org/bots/api), with the texts that the server writes."""

import re
import struct
from collections.abc import Mapping
from html import unescape
from typing import Any

TEXT_LIMIT, CAPTION_LIMIT, PHOTO_BYTES = 4096, 1024, 10_000_000
TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a",
        "blockquote", "span", "tg-spoiler"}  # fmt: skip
TAG = re.compile(r"<(/?)([A-Za-z-]*)([^<>]*)(>?)")


class Refused(Exception):
    """An answer with ok = false."""

    def __init__(self, description: str, code: int = 400, **parameters: int) -> None:
        super().__init__(description)
        self.body = {"ok": False, "error_code": code, "description": description}
        if parameters:
            self.body["parameters"] = parameters
        self.code = code


def parse_html(html: str) -> str:
    """The text behind the markup. Raises the 400 for what Telegram cannot parse."""
    open_tags: list[str] = []
    text, at = "", 0
    for tag in TAG.finditer(html):
        text += html[at : tag.start()]
        at = tag.end()
        closing, name, rest, end = tag.groups()
        if name not in TAGS or not end:
            raise Refused(f'Bad Request: can\'t parse entities: Unsupported start tag "{name}" at '
                          f"byte offset {len(html[: tag.start()].encode())}")  # fmt: skip
        if not closing:
            if name == "a" and not re.fullmatch(r'\s+href="[^"<>]*"', rest):
                raise Refused("Bad Request: can't parse entities: Unexpected attribute")
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            raise Refused("Bad Request: can't parse entities: Unmatched end tag")
    if open_tags:
        raise Refused("Bad Request: can't parse entities: Can't find end tag")
    return unescape(text + html[at:]).strip()


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def text_of(html: str, fields: Mapping[str, Any]) -> str:
    return parse_html(html) if fields.get("parse_mode") == "HTML" else html.strip()


def caption_of(item: Mapping[str, Any]) -> tuple[str, str]:
    html = item.get("caption", "")
    text = text_of(html, item)
    if units(text) > CAPTION_LIMIT:
        raise Refused("Bad Request: message caption is too long")
    return html, text


def photo_of(data: Any) -> bytes:
    """Pictures by upload: PNG or JPEG, 10 MB, width + height <= 10,000, ratio <= 20."""
    if not isinstance(data, bytes):
        raise Refused("Bad Request: there is no photo in the request")
    if len(data) > PHOTO_BYTES:
        raise Refused("Request Entity Too Large", 413)
    if data[:3] == b"\xff\xd8\xff":
        return data
    if data[:8] != b"\x89PNG\r\n\x1a\n" or len(data) < 24:
        raise Refused("Bad Request: IMAGE_PROCESS_FAILED")
    width, height = struct.unpack_from(">II", data, 16)
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise Refused("Bad Request: PHOTO_INVALID_DIMENSIONS")
    return data
