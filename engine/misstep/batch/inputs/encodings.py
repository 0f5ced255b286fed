"""The first bytes of a text in; the encoding it is in, out."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from misstep.errors import UsageError

SAMPLE = 262_144
"""So many bytes of a text are looked at, for its encoding and for the dialect of CSV."""

USUAL = "cp1252"
"""Of a text of which nothing else can be found out."""
_CODE_PAGES = [USUAL, "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "gb18030", "euc_kr", "big5"]
_MARKS = (  # the longer ones first, as that of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)


def known_encoding(name: str) -> str:
    """The usual name of an encoding. Raises UsageError where there is none of that name for text."""
    try:
        found = codecs.lookup(name)
        if found._is_text_encoding:
            return "utf-8" if found.name == "utf-8-sig" else found.name
    except (LookupError, ValueError):
        pass
    raise UsageError(f"there is no encoding '{name[:60]}'; utf-8, utf-16, cp1252, latin-1 and shift_jis are some")


def find_encoding(head: bytes, older: bool) -> str:
    """The encoding of a text that begins with some bytes: by its mark; UTF-16, where every other byte is 0; UTF-8, where most of
    what is not ASCII is valid. Else the likeliest of the ``older`` ones, if the text may be in one, which JSON may not."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if len(head) >= SAMPLE:  # its last line is cut off, perhaps within a sign
        head = head[: head.rfind(b"\n") + 1]
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 1 and head[start::2].count(0) > len(head) // 4 > 2 * head[1 - start :: 2].count(0):
            return encoding
    if not older:
        return "utf-8"
    odd = b"\n".join(line for line in head.splitlines() if not line.isascii())
    text = odd.decode("utf-8", "surrogateescape")
    wrong = sum("\ud800" <= sign <= "\udfff" for sign in text)
    if 2 * wrong <= sum(sign > "\x7f" for sign in text):
        return "utf-8"
    matches = list(from_bytes(odd, cp_isolation=_CODE_PAGES))
    if not matches or USUAL in matches[0].could_be_from_charset:
        return USUAL
    first = matches[0]
    same = [m.encoding for m in matches if (m.chaos, m.coherence) == (first.chaos, first.coherence)]
    return USUAL if USUAL in same else first.encoding
