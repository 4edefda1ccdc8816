"""Colours code by its language: spans with Pygments' short classes, for the style sheet."""

from typing import Final

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

# The word of a fence -> what people call it, and the lexer. Every word that pages may use.
_LANGUAGES: Final = {
    "sh": ("Shell", "bash"),
    "json": ("JSON", "json"),
    "python": ("Python", "python"),
    "js": ("Node", "javascript"),
    "php": ("PHP", "php"),
    "ruby": ("Ruby", "ruby"),
    "go": ("Go", "go"),
    "java": ("Java", "java"),
    "csharp": ("C#", "csharp"),
    "http": ("HTTP", "http"),
    "text": ("Text", ""),
}
_FORMATTER: Final = HtmlFormatter(nowrap=True)


def title(language: str) -> str:
    """What people call a language. KeyError for one that pages may not use."""
    return _LANGUAGES[language][0]


def coloured(code: str, language: str) -> Markup:
    """The code as HTML, escaped. KeyError for a language that pages may not use."""
    lexer = _LANGUAGES[language][1]
    if not lexer:
        return escape(code)
    found = get_lexer_by_name(lexer, stripnl=False)
    return Markup(highlight(code, found, _FORMATTER))  # noqa: S704 (the formatter escapes)
