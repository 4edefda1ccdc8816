"""Turns the text of a page, in Markdown, into HTML: headings with anchors, code in colour.

What a page says is left to its file. Raw HTML is not taken: a page is the same in the repository.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from jump.docs import highlighting


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it up to the next one, as plain text, for the search."""

    id: str
    title: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A page as HTML. The first section is the page itself, with its title; `lead` opens it."""

    html: Markup
    lead: str
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        """The first heading."""
        return self.sections[0].title


Link = Callable[[str], str]


def slug(text: str) -> str:
    """A heading as an anchor: its words in lower case with hyphens between them."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")


def mark_up(text: str, link: Link) -> Marked:
    """The page. `link` turns the address of a link as the file has it into that of /docs."""
    tokens = _PARSER.parse(text)
    title, lead, body = _opening(tokens)
    sections = _sections(title, tokens)
    _name_headings(body)
    html = _PARSER.renderer.render(body, _PARSER.options, {"link": link, "blocks": count(1)})
    return Marked(Markup(html), lead, tuple(sections))  # noqa: S704 (raw HTML is not taken)


def fragment(text: str, link: Link) -> Markup:
    """A few paragraphs that are a part of a page, without anchors."""
    tokens = _PARSER.parse(text)
    html = _PARSER.renderer.render(tokens, _PARSER.options, {"link": link, "blocks": count(1)})
    return Markup(html)  # noqa: S704 (raw HTML is not taken)


def phrase(text: str, link: Link) -> Markup:
    """A sentence or two within a line."""
    return Markup(_PARSER.renderInline(text, {"link": link}))  # noqa: S704 (as above)


def _opening(tokens: Sequence[Token]) -> tuple[str, str, list[Token]]:
    """The title, the paragraph below it, which both stand in the head of the page, and the rest."""
    kinds = [token.type for token in tokens[:6]]
    if kinds != ["heading_open", "inline", "heading_close", "paragraph_open", "inline",
                 "paragraph_close"]:  # fmt: skip
        raise ValueError("A page opens with its title and a paragraph.")
    return tokens[1].content, _plain(tokens[4]), list(tokens[6:])


def _sections(title: str, tokens: Sequence[Token]) -> list[Section]:
    found: list[tuple[str, str, int, list[str]]] = [("", title, 1, [])]
    ids: set[str] = set()
    heading = 0
    for token in tokens[3:]:
        if token.type == "heading_open":
            heading = int(token.tag[1])
        elif token.type == "inline" and heading:
            words = _plain(token)
            found.append((_unused(slug(words), ids), words, heading, []))
            heading = 0
        elif token.type in ("inline", "fence"):
            found[-1][3].append(_plain(token))
    return [Section(name, words, level, " ".join(texts)) for name, words, level, texts in found]


def _name_headings(tokens: Sequence[Token]) -> None:
    ids: set[str] = set()
    for token, words in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _unused(slug(_plain(words)), ids))
            token.meta["words"] = _plain(words)


def _unused(wanted: str, ids: set[str]) -> str:
    numbered = (f"{wanted}-{number}" for number in count(2))
    found = wanted if wanted not in ids else next(each for each in numbered if each not in ids)
    ids.add(found)
    return found


def _plain(token: Token) -> str:
    """The words of a token without their marks."""
    if token.children is None:
        return token.content
    parts = (" " if child.type == "softbreak" else child.content for child in token.children)
    return "".join(parts)


class _Renderer(RendererHTML):
    """HTML as the style sheet expects it; a rule is a method named after its token."""

    def heading_open(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        opened: str = self.renderToken(tokens, at, options, env)
        return f'<div class="heading">{opened}'

    def heading_close(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        opening = tokens[at - 2]
        closed: str = self.renderToken(tokens, at, options, env)
        words = escape(opening.meta["words"])
        anchor = f'<a class="anchor" href="#{opening.attrGet("id")}">'
        said = f'<span class="unseen">Link to {words}</span><span aria-hidden="true">#</span>'
        return f"{closed.rstrip()}{anchor}{said}</a></div>\n"

    def fence(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
        language = tokens[at].info.split()[0]
        return code_block(tokens[at].content, language, f"code-{next(env['blocks'])}")

    def table_open(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        return '<div class="frame"><table class="told">\n'

    def table_close(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        return "</table></div>\n"

    def link_open(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
    ) -> str:
        tokens[at].attrSet("href", env["link"](str(tokens[at].attrGet("href"))))
        opened: str = self.renderToken(tokens, at, options, env)
        return opened


def code_block(code: str, language: str, name: str) -> str:
    """Code with the name of its language and a button that copies it; `name` becomes its id."""
    said = f"{highlighting.title(language)} copied"
    return (
        f'<div class="code"><div class="bar"><span>{highlighting.title(language)}</span>'
        f'<button class="link" type="button" hidden data-copy="{name}" data-said="{said}">'
        "Copy</button></div>"
        f'<pre tabindex="0"><code id="{name}">{highlighting.coloured(code, language)}</code></pre>'
        "</div>\n"
    )


def _parser() -> MarkdownIt:
    made: Any = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    made.enable("table")
    parser: MarkdownIt = made
    return parser


_PARSER: Final = _parser()
