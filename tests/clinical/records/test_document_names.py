"""Names of files as they come in and as they go out to a browser."""

import pytest

from jump.clinical.records.document_content import DOCX, JPEG, PDF, TEXT
from jump.clinical.records.document_names import attachment, named_by_sender

GIVEN = {
    "letter.pdf": "letter.pdf",
    "C:\\Users\\ada\\letter.pdf": "letter.pdf",
    "../../../etc/passwd": "passwd",
    "/etc/": None,
    "": None,
    "  ": None,
    "a\r\nSet-Cookie: x=1.pdf": "aSet-Cookie: x=1.pdf",
    "nul\x00.pdf": "nul.pdf",
    "gpj\u202efdp.exe": "gpjfdp.exe",
    "r\u00e9sum\u00e9.pdf": "r\u00e9sum\u00e9.pdf",
    "a" * 300 + ".pdf": "a" * 251 + ".pdf",
    "a" * 300: "a" * 255,
    "." + "a" * 300: "." + "a" * 254,
}
SERVED = (
    ("letter.pdf", PDF, 'filename="letter.pdf"'),
    ("LETTER.PDF", PDF, 'filename="LETTER.PDF"'),
    ("scan.jfif", JPEG, 'filename="scan.jfif"'),
    (None, DOCX, 'filename="document.docx"'),
    ("letter", PDF, 'filename="letter.pdf"'),
    # What is saved opens as what it is.
    ("page.html", TEXT, 'filename="page.html.txt"'),
    ("run.exe", PDF, 'filename="run.exe.pdf"'),
    ("..", TEXT, 'filename="document.txt"'),
    (".htaccess", TEXT, 'filename="htaccess.txt"'),
    ("../../etc/passwd", TEXT, 'filename="_.._etc_passwd.txt"'),
    ('a"; filename="b.html', TEXT, 'filename="a_; filename=_b.html.txt"'),
    ("a%0d%0aX: y.txt", TEXT, 'filename="a_0d_0aX_ y.txt"'),
    ("a\r\nX-Evil: 1.txt", TEXT, 'filename="aX-Evil_ 1.txt"'),
    ("gpj\u202efdp.exe", PDF, 'filename="gpjfdp.exe.pdf"'),
    ("M\u00fcller.pdf", PDF, 'filename="M_ller.pdf"; filename*=UTF-8\'\'M%C3%BCller.pdf'),
)  # fmt: skip


@pytest.mark.parametrize("sent", GIVEN)
def test_a_senders_name_loses_its_folders_and_what_cannot_be_seen(sent: str) -> None:
    assert named_by_sender(sent) == GIVEN[sent]


def test_a_sender_need_not_name_a_file() -> None:
    assert named_by_sender(None) is None


@pytest.mark.parametrize(("name", "mime_type", "told"), SERVED)
def test_a_browser_is_told_a_name_that_is_safe(name: str | None, mime_type: str, told: str) -> None:
    header = attachment(name, mime_type)
    assert header == f"attachment; {told}"
    assert header.isascii()
    assert header.isprintable()


def test_a_long_name_of_any_letters_is_a_header_still() -> None:
    header = attachment("\U0001f9ea" * 255, PDF)
    assert header.isascii()
    assert len(header) < 4_000
