"""A hook of mkdocs: of a link to a file that is no part of the site, its words stay."""

import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s:]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:
    """The page's text as the site has it."""
    docs, known = Path(config["docs_dir"]).resolve(), {file.src_uri for file in files}
    here = Path(page.file.abs_src_path).parent

    def kept(link: re.Match[str]) -> str:
        target = (here / link[2]).resolve()
        inside = target.is_relative_to(docs) and target.relative_to(docs).as_posix() in known
        return link[0] if inside else link[1]

    return _LINK.sub(kept, markdown)
