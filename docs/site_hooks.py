"""What mkdocs is told besides docs/: pages, pictures and sources that its pages lead to, and the API reference.

Pages link to each other as they lie in the repository, so that they read well there too. In the site docs/ is the top;
all else keeps its path. Whatever a page links to is taken along, and what that links to as well.
"""

import ast
import json
import posixpath
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<=\]\()([^)\s#]+)(?=[)#])")
ADDRESS = re.compile(r"[a-z]+:")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put a page a room of the code where the navigation says ``api/``."""
    rooms = {"API": [{package.removeprefix("driftrec."): f"api/{package}.md"} for package in _packages()]}
    config.nav = [rooms if entry == {"API": "api/"} else entry for entry in config.nav or []]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what lies outside docs/ and is linked to, by way of whatever pages, or named in the navigation."""
    pages = [path for name in _named(config.nav) for path in (ROOT / "docs" / name, ROOT / name) if path.is_file()]
    seen: set[Path] = set()
    while pages:
        path = pages.pop()
        if path not in seen:
            seen.add(path)
            pages += _linked(path) if path.suffix == ".md" else []
    for path in sorted(seen):
        if ROOT / "docs" not in path.parents:
            files.append(_outside(path, config))
    for notebook in sorted((ROOT / "docs").glob("*.ipynb")):
        files.append(File.generated(config, _place(notebook), content=_executed(notebook)))
    files.append(File.generated(config, "LICENSE.md", content=f"# Licence\n\n{(ROOT / 'LICENSE').read_text()}"))
    for package in _packages():
        files.append(File.generated(config, f"api/{package}.md", content=_reference(package)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links from where a page lies in the repository to where it lies in the site."""
    origin = page.file.abs_src_path
    if origin is None:
        return markdown
    here, there = Path(origin), posixpath.dirname(page.file.src_uri)

    def turned(match: re.Match[str]) -> str:
        target = _target(here, match[0])
        return match[0] if target is None else posixpath.relpath(_place(target), there or ".")

    return LINK.sub(turned, markdown)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Say of a page in Chinese that it is."""
    chinese = page.file.src_uri.endswith(".zh.md")
    return output.replace('<html lang="en"', '<html lang="zh"', 1) if chinese else output


def _named(nav: object) -> Iterator[str]:
    """All pages of a navigation, from nested lists and dicts."""
    if isinstance(nav, str):
        yield nav
    else:
        for entry in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
            yield from _named(entry)


def _target(page: Path, link: str) -> Path | None:
    """The file or folder that a link of ``page`` leads to; none where it leads out of the repository, or nowhere."""
    if ADDRESS.match(link):
        return None
    found = (page.parent / link).resolve()
    return found if found.is_relative_to(ROOT) and found.exists() else None


def _linked(page: Path) -> list[Path]:
    return [found for link in LINK.findall(page.read_text(encoding="utf-8")) if (found := _target(page, link))]


def _place(path: Path) -> str:
    """Where a file lies in the site; notebooks, sources and folders are shown on a page."""
    name = path.relative_to(ROOT).as_posix().removeprefix("docs/")
    if path.is_dir():
        return f"{name}/README.md"
    return {".py": f"{name}.md", "": f"{name}.md", ".ipynb": f"{name.removesuffix('.ipynb')}.md"}.get(path.suffix, name)


def _outside(path: Path, config: MkDocsConfig) -> File:
    """A page or picture as it is, a source or a folder as a page."""
    place = _place(path)
    if path.is_dir():
        return File.generated(config, place, content=_contents(path))
    if path.suffix == ".py":
        code = path.read_text(encoding="utf-8")
        return File.generated(config, place, content=f"# {path.relative_to(ROOT)}\n\n````python\n{code}````\n")
    return File.generated(config, place, abs_src_path=str(path))


def _contents(folder: Path) -> str:
    """A page that lists the Python files of a folder, each by its first line."""
    files = [(file.name, _first(file)) for file in sorted(folder.glob("*.py"))]
    return "\n".join([f"# {folder.name}", "", *(f"- [{name}]({name}.md): {first}" for name, first in files), ""])


def _executed(notebook: Path) -> str:
    """A page of a notebook's cells and of what is stored in it of their output."""
    parts = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        parts += [_shown(output) for output in cell.get("outputs", [])]
    return "\n\n".join(parts)


def _shown(output: dict[str, Any]) -> str:
    """Output of a cell: a picture, or text."""
    data = output.get("data", {})
    if "image/png" in data:
        return f'<img alt="Engagement per policy" src="data:image/png;base64,{"".join(data["image/png"].split())}">'
    return "```text\n" + "".join(output.get("text") or data["text/plain"]).rstrip() + "\n```"


def _first(file: Path) -> str:
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _packages() -> list[str]:
    """All packages that hold code, as pyproject lists them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [package for package in settings["tool"]["setuptools"]["packages"] if package != "driftrec"]


def _reference(package: str) -> str:
    """A page of one room: what its modules have that is public."""
    folder = ROOT.joinpath(*package.split(".")[1:])
    modules = [f"{package}.{file.stem}" for file in sorted(folder.glob("[!_]*.py"))]
    head = f"# {package}\n\n{_first(folder / '__init__.py')}\n"
    return "\n".join([head, *(f"::: {module}\n" for module in modules)])
