"""A JSON document that is one long list, in parts: some elements at a time, and what is around.

Decoded whole, the objects of 17,000 aircraft lie scattered over tens of megabytes, and to touch
them again takes longer than to decode them; those of a part stay in the processor's cache.
Promises: when every part is valid JSON and what is `around` has the mark for its list, the parts'
elements are those of the document; so whoever decodes them all has checked the cutting, too: a cut
within a text or an element leaves that part unbalanced. Refuses (None): what has no such list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """How a kind of document is cut."""

    key: re.Pattern[bytes]  # up to and with the list's bracket
    between: re.Pattern[bytes]  # from an element's last byte to the next one's first
    mark: bytes  # the element that stands for all of them
    size: int  # bytes of a part: some 500 elements; half and twice as many are slower


AIRCRAFT = Shape(re.compile(rb'"(?:ac|aircraft)"\s*:\s*\['), re.compile(rb"\}\s*,\s*\{"),
                 b'{"hex":"!"}', 300_000)  # fmt: skip
TRACE = Shape(re.compile(rb'"trace"\s*:\s*\['), re.compile(rb"\]\s*,\s*\["),
              b'[0,0,0,"!"]', 100_000)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parted:
    """A document in parts. `around`: the document with the mark for all elements."""

    around: bytes
    _body: bytes
    _begin: int
    _end: int
    _shape: Shape

    def lists(self, size: int = 0) -> Iterator[bytes]:
        """Lists of some elements each, of about `size` bytes (0: of the usual)."""
        begin, end, size = self._begin, self._end, size or self._shape.size
        while begin < end:
            cut = self._shape.between.search(self._body, begin + size, end)
            yield b"[%b]" % self._body[begin : cut.start() + 1 if cut else end]
            begin = cut.end() - 1 if cut else end


def parted(body: bytes, shape: Shape) -> Parted | None:
    """The document, or None where no list is found; the list ends with the last bracket."""
    found = shape.key.search(body)
    end = body.rfind(b"]")
    if found is None or end < found.end():
        return None
    begin = found.end()
    around = body[:begin] + shape.mark + body[end:]
    return Parted(around, body, begin, end, shape)
