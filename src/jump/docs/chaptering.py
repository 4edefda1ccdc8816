"""Makes a page of each chapter of the reference: what holds for its records, then its addresses."""

from itertools import count
from pathlib import Path
from typing import Final

from markupsafe import Markup

from jump.docs.markup import Link, Section, code_block, fragment, phrase, slug
from jump.docs.navigation import BASE
from jump.docs.reference import Chapter, Operation
from jump.look.templating import environment

_TEMPLATES: Final = environment(Path(__file__).parent / "templates")


def rules_of(text: str) -> dict[str, str]:
    """What the file of the records says of each chapter, by the chapter's name.

    A heading may name several: `Clinicians, locations and appointment types`.
    """
    found: dict[str, str] = {}
    for part in text.split("\n## ")[1:]:
        title, _, rules = part.partition("\n")
        for name in title.replace(" and ", ", ").split(", "):
            found[slug(name)] = rules.strip()
    return found


def chapter_html(chapter: Chapter, rules: str, link: Link, base_path: str) -> Markup:
    """The body of a chapter's page."""
    numbers = count(1)
    html = _TEMPLATES.get_template("chapter.html").render(
        chapter=chapter,
        rules=fragment(rules, link),
        base=BASE,
        base_path=base_path,
        has_trials=has_trials(chapter),
        code=lambda text, language: Markup(  # noqa: S704 (escaped where it is made)
            code_block(text, language, f"code-{next(numbers)}")
        ),
        words=lambda text: fragment(text, link),
        phrase=lambda text: phrase(text, link),
    )
    return Markup(html)  # noqa: S704 (a template escapes)


def has_trials(chapter: Chapter) -> bool:
    """Whether anything of it can be tried with a key."""
    return any(each.can_be_tried for each in chapter.operations)


def sections_of(chapter: Chapter, rules: str) -> tuple[Section, ...]:
    """What is listed beside the page, and found by the search."""
    opening = [Section("", chapter.title, 1, chapter.lead)]
    if rules:
        opening.append(Section("rules", "Rules", 2, rules))
    if len(chapter.operations) > 1:
        opening.append(Section("addresses", "Addresses", 2, ""))
    if chapter.fields:
        told = " ".join(f"{each.name}: {each.description}" for each in chapter.fields)
        opening.append(Section("fields", "Fields", 2, told))
    if has_trials(chapter):
        opening.append(Section("try-it", "Try it", 2, ""))
    return (*opening, *(_section(each) for each in chapter.operations))


def _section(operation: Operation) -> Section:
    fields = [*operation.parameters, *operation.fields]
    told = [f"{operation.method} {operation.path}", operation.description]
    told += [f"{each.name}: {each.description}" for each in fields]
    return Section(operation.id, operation.summary, 2, " ".join(told))
