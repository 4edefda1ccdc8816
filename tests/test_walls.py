"""The walls of the house that no linter checks: sizes, names, docstrings, and what is committed.

Layers, style and types are checked by `make lint`. An exception is named, with its reason, under
`[tool.jump.walls]` in pyproject.toml: "path" for a file, "path::name" for a function.
"""

import ast
import fnmatch
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FUNCTION_LINES = 50
FILE_LINES = {"src": 400, "tests": 500, "benchmarks": 500}
SAYING_NOTHING = {
    "base",
    "common",
    "helper",
    "helpers",
    "manager",
    "managers",
    "misc",
    "util",
    "utils",
}
# Put together here, so that this file names none of them either.
_HOSTS = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("registry", "npmjs"),
    ("crates", "io"),
    ("proxy", "golang"),
    ("repo1?", "maven"),
    ("deb", "debian", "org"),
)
_OPTIONS = (("(extra-)?index", "url"), ("find", "links"))
REGISTRIES = re.compile(
    "|".join([r"\.".join(host) for host in _HOSTS] + [f"--{'-'.join(each)}" for each in _OPTIONS])
)
MACHINE_PATHS = re.compile(r"(?<![\w.:/-])/(root|work|home/\w+|Users/\w+|opt/wheels)/")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def pyproject() -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def exceptions() -> dict[str, str]:
    return pyproject()["tool"].get("jump", {}).get("walls", {})


@cache
def tracked_files() -> list[Path]:
    """What git keeps, and what lies beside it unless git ignores it, so that nothing slips in."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return sorted(path for path in set(paths) if path.is_file())


def modules(*folders: str) -> list[Path]:
    wanted = folders or tuple(FILE_LINES)
    return [
        path for path in tracked_files() if path.suffix == ".py" and name(path).startswith(wanted)
    ]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Every function with the names of the classes and functions around it: "Key.admit"."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield prefix + child.name, child
        inner = f"{prefix}{child.name}." if isinstance(child, Function | ast.ClassDef) else prefix
        yield from functions(child, inner)


def too_long() -> dict[str, str]:
    """Every file and function over its limit, by the name that an exception would give it."""
    found = {}
    for path in modules():
        limit, lines = FILE_LINES[name(path).split("/")[0]], len(path.read_text().splitlines())
        if lines > limit:
            found[name(path)] = f"{name(path)} has {lines} lines, more than {limit}"
    for path in modules("src"):
        for called, function in functions(tree(path)):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > FUNCTION_LINES:
                key = f"{name(path)}::{called}"
                found[key] = f"{key} has {lines} lines, more than {FUNCTION_LINES}"
    return found


def test_functions_and_files_are_short() -> None:
    assert [words for key, words in too_long().items() if key not in exceptions()] == []


def test_every_exception_is_still_needed_and_has_a_reason() -> None:
    assert [key for key in exceptions() if key not in too_long()] == []
    assert all(reason.strip() for reason in exceptions().values())


def test_no_module_has_a_name_that_says_nothing_or_that_python_has_taken() -> None:
    def parts(path: Path) -> list[str]:
        return [part.removesuffix(".py") for part in path.relative_to(ROOT).parts[1:]]

    taken = SAYING_NOTHING | set(sys.stdlib_module_names)
    in_src = [name(path) for path in modules("src") if taken & set(parts(path))]
    in_tests = [name(path) for path in modules("tests") if SAYING_NOTHING & set(parts(path))]
    assert in_src + in_tests == []


def test_every_module_opens_with_a_docstring() -> None:
    assert [
        name(path) for path in modules() if not (ast.get_docstring(tree(path)) or "").strip()
    ] == []


def test_no_function_imports() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in modules()
        for _, function in functions(tree(path))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_no_committed_file_names_a_registry_or_a_place_on_one_machine() -> None:
    found = []
    for path in tracked_files():
        for number, line in enumerate(path.read_bytes().decode(errors="ignore").splitlines(), 1):
            if match := REGISTRIES.search(line) or MACHINE_PATHS.search(line):
                found.append(f"{name(path)}:{number}: {match[0]}")
    assert found == []


def test_everything_in_the_package_is_installed_with_it() -> None:
    patterns = pyproject()["tool"]["setuptools"]["package-data"]["jump"]
    package = ROOT / "src" / "jump"
    left_out = [
        name(path)
        for path in tracked_files()
        if package in path.parents
        and path.suffix != ".py"
        and not any(_fits(path.relative_to(package), pattern) for pattern in patterns)
    ]
    assert left_out == []


def _fits(path: Path, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch.fnmatch(path.name, pattern.removeprefix("**/"))
    return fnmatch.fnmatch(path.as_posix(), pattern)


def test_every_folder_of_modules_is_a_package() -> None:
    # Code for receivers is shown and never imported.
    for_receivers = ROOT / "src" / "jump" / "webhooks" / "samples"
    folders = {path.parent for path in modules("src")} - {ROOT / "src", for_receivers}
    assert [name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
