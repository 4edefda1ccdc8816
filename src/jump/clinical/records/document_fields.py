"""What a document is made of: what may be sent, and the record as the API returns it. Data only."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from jump.clinical.links import Reference
from jump.clinical.records.document_names import LONGEST
from jump.clinical.representation import Recorded, Scheduled
from jump.resources.about import about
from jump.resources.definition import Shape
from jump.resources.validation import NOT_BLANK

MOST_BYTES: Final = 26_214_400  # 25 MiB

Status = Literal["pending", "available"]
# `$` alone would let a line break pass at the end.
FileName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST,
        pattern=r"^[^/\\\x00-\x1f\x7f]+$(?!\n)",
        description=f"Use a name of 1 to {LONGEST} characters, without / and \\ or line breaks.",
    ),
]
MimeType = Annotated[
    str,
    Meta(
        max_length=120,
        pattern=r"^[A-Za-z0-9.+_-]+/[A-Za-z0-9.+_-]+$(?!\n)",
        description="Use a media type, such as application/pdf.",
    ),
]
Sha256 = Annotated[
    str,
    Meta(pattern=r"^[0-9A-Fa-f]{64}$(?!\n)", description="Use 64 hexadecimal digits."),
]

_DETAILS: Final[Mapping[str, Any]] = {
    "patient_id": Reference,
    "document_type": Annotated[str, Meta(min_length=1, max_length=100, pattern=NOT_BLANK)],
    "title": Annotated[str, Meta(min_length=1, max_length=200, pattern=NOT_BLANK)],
    "description": Annotated[str, Meta(max_length=2_000)],
    "file_name": FileName,
    "consultation_id": Reference,
}
_EXAMPLE_SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
# What the content is said to be. Its size and digest are held to; its type is what it is.
_CLAIMS: Final[Mapping[str, Any]] = {
    "mime_type": MimeType,
    "file_size": Annotated[int, Meta(ge=1, le=MOST_BYTES)],
    "sha256": Sha256,
}
NUMBERS: Final = frozenset({"file_size"})
_REQUIRED: Final = frozenset({"patient_id", "document_type", "title"})

_ITS_CONTENT: Final = (
    "Send the content as the part file of multipart/form-data, or its bytes afterwards by"
    " PUT /documents/{id}/content."
)
_OF_THE_CONTENT: Final = "This follows from the content: leave it out."

NEW = Shape(
    {**_DETAILS, **_CLAIMS},
    _REQUIRED,
    untaken=dict.fromkeys(("file", "content", "data", "base64", "document"), _ITS_CONTENT),
)
# `patient_id` is here to be refused with words that say what to do instead.
CHANGES = Shape(_DETAILS, _REQUIRED, untaken=dict.fromkeys(_CLAIMS, _OF_THE_CONTENT))


class Document(Struct, kw_only=True):
    """A document as the API returns it. The last of its fields exist for clients of Jump."""

    id: str
    patient_id: str
    consultation_id: Annotated[
        str | None, about("The consultation it belongs to, of the same patient.")
    ]
    document_type: Annotated[str, about("What kind of document it is, in your words.", "letter")]
    title: Annotated[str, about("What people call it.", "Discharge letter")]
    description: Annotated[str | None, about("What is in it.", "Knee, left")]
    file_name: Annotated[str | None, about("The file's name.", "discharge-letter.pdf")]
    mime_type: Annotated[
        str | None,
        about("What the content is; what it is said to be before it is there.", "application/pdf"),
    ]
    file_size: Annotated[
        int | None, about("How many bytes the content has, or is to have.", 48_213)
    ]
    sha256: Annotated[
        str | None, about("The SHA-256 of the content, or of what is to come.", _EXAMPLE_SHA256)
    ]
    status: Annotated[
        Status, about("A `pending` one has no content yet, an `available` one has.", "available")
    ]
    entered_in_error: bool
    created_at: Recorded
    updated_at: Recorded
    version: int
    created_by: str
    file_path: Annotated[None, about("Always null: `/download` gives an address.")]
    uploaded_by: Annotated[str | None, about("Another name of `created_by`.")]


class DocumentDownload(Struct):
    """Where a document is to be had, for a short time."""

    url: Annotated[
        str, about("An address of ours, for this key only.", "https://jump.example.org/downloads/x")
    ]
    expires_at: Annotated[Scheduled, about("When it leads nowhere any more.")]
