"""What a file is, by its content: what is taken, and what pretends to be it."""

import random

import pytest

from jump.clinical.records.document_content import DOCX, HEAD_BYTES, PDF, TAIL_BYTES, TEXT, Sniffer
from jump.errors import UnsupportedMediaType
from tests.clinical.document_records import SAMPLES, WORD_PARTS, package

HTML = b"<html><body onload=alert(1)>hello</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
REFUSED = {
    "HTML": HTML,
    "HTML behind blanks": b" \r\n\t" * 20 + b"<!DOCTYPE html>",
    "HTML behind a byte order mark": b"\xef\xbb\xbf" + HTML,
    "a lone script": b"<sCrIpT>alert(1)</script>",
    "an image that runs a script": b"<iframe src=javascript:alert(1)>",
    "HTML in a comment": b"<!-- x --><script>",
    "SVG": SVG,
    "SVG behind a declaration": b'<?xml version="1.0"?>' + SVG,
    "XML": b'<?xml version="1.0"?><a/>',
    "PHP": b"<?php system($_GET[1]);",
    "a shell script": b"#!/bin/sh\nrm -rf /\n",
    "a program of Windows": b"MZ\x90\x00\x03\x00",
    "a program of Linux": b"\x7fELF\x02\x01\x01\x00",
    "a GIF that is a script": b"GIF89a=1;alert(1)",
    "PostScript": b"%!PS-Adobe-3.0\n(x) run",
    "a GIF": b"GIF89a\x01\x00\x01\x00",
    "WebP": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "an old Word file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
    "gzip": b"\x1f\x8b\x08\x00",
    "a PDF behind a page": HTML + SAMPLES[PDF],
    "a PDF behind something": b"\x00" + SAMPLES[PDF],
    "a signature in lower case": b"%pdf-1.7\x00",
    "half of a PNG's signature": b"\x89PNG",
    "text with a NUL": b"Dear Dr Hall\x00",
    "text with an escape": b"\x1b]0;title\x07",
    "text in Latin-1": "Dear Dr Müller".encode("latin-1"),
    "text in UTF-16": "Dear Dr Hall".encode("utf-16"),
    "text that ends inside a letter": "Dear Dr M\u00fc".encode()[:-1],
    "text with a surrogate": b"\xed\xa0\x80",
    "a zip file": package("a.txt"),
    "a spreadsheet": package("[Content_Types].xml", "xl/workbook.xml"),
    "a Word file without its types": package("word/document.xml"),
    "a Word file with macros": package(*WORD_PARTS, "word/vbaProject.bin"),
    "an Android program": package("AndroidManifest.xml", "classes.dex"),
    "a Java archive": package("META-INF/MANIFEST.MF", "a.class"),
    "a zip file that is cut": package(*WORD_PARTS)[:-30],
    "a zip file of one signature": b"PK\x03\x04",
    "a program that unpacks itself": b"MZ\x90\x00" + package(*WORD_PARTS),
}


def sniffed(whole: bytes, size: int) -> str:
    sniffer = Sniffer()
    for start in range(0, len(whole), size):
        sniffer.take(whole[start : start + size])
    return sniffer.end()


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("mime_type", SAMPLES)
def test_each_type_is_known_by_its_content_in_whatever_pieces(mime_type: str, size: int) -> None:
    assert sniffed(SAMPLES[mime_type], size) == mime_type


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("name", REFUSED)
def test_nothing_else_is_taken_whatever_it_pretends_to_be(name: str, size: int) -> None:
    with pytest.raises(UnsupportedMediaType, match="whatever its name says"):
        sniffed(REFUSED[name], size)


@pytest.mark.parametrize("whole", [b"MM\x00*\x00\x00\x00\x08", b"II+\x00\x08\x00\x00\x00"])
def test_both_orders_and_both_sizes_of_tiff_are_taken(whole: bytes) -> None:
    assert sniffed(whole, 64) == "image/tiff"


def test_text_may_speak_of_markup_and_hold_any_letters() -> None:
    for text in (
        "5 < 6, and <b>bold</b>",
        "a <script>",
        "Ærø\t\f\r\n",
        "<3",
        "<1 mmol/l",
        "\ufeffHi",
    ):
        assert sniffed(text.encode(), 3) == TEXT


def test_what_spoils_a_text_is_found_wherever_it_stands() -> None:
    clean = "Dear Dr Müller, ".encode() * 10_000
    assert sniffed(clean, 65_536) == TEXT
    for position in (HEAD_BYTES - 1, HEAD_BYTES, 100_000, len(clean)):
        with pytest.raises(UnsupportedMediaType):
            sniffed(clean[:position] + b"\x00" + clean[position:], 65_536)


def test_a_file_is_refused_at_its_head_and_not_at_its_end() -> None:
    sniffer = Sniffer()
    with pytest.raises(UnsupportedMediaType):
        sniffer.take(HTML + b" " * HEAD_BYTES)


def test_a_large_word_file_is_known_by_what_stands_at_its_end() -> None:
    parts = [f"word/media/image{number}.png" for number in range(3_000)]
    assert sniffed(package(*WORD_PARTS, *parts), 65_536) == DOCX
    # Its list of parts may be longer than what is kept of it, but then it is none that Word writes.
    endless = package(*WORD_PARTS, *(f"word/{number:0>200}" for number in range(1_500)))
    assert len(endless) > TAIL_BYTES
    with pytest.raises(UnsupportedMediaType):
        sniffed(endless, 65_536)


def test_a_package_that_would_unpack_to_gigabytes_is_never_unpacked() -> None:
    bomb = bytearray(package(*WORD_PARTS))
    # The list says that a part has four gigabytes, and that it stands where nothing is.
    at = bomb.rindex(b"PK\x01\x02")
    bomb[at + 20 : at + 28] = b"\xfe\xff\xff\xff\xfe\xff\xff\xff"
    bomb[at + 42 : at + 46] = b"\xfe\xff\xff\x7f"
    assert sniffed(bytes(bomb), 64) == DOCX


def test_no_bytes_at_all_make_it_fail_otherwise() -> None:
    chance = random.Random(7)
    for start in (b"", b"PK\x03\x04", b"%PDF-", b"{\\rtf", b"<", b"\xff\xd8\xff"):
        for _ in range(200):
            whole = start + chance.randbytes(chance.randrange(200))
            whole += package(*WORD_PARTS)[-chance.randrange(1, 120) :]
            try:
                sniffed(whole, chance.randrange(1, 200))
            except UnsupportedMediaType:
                continue
