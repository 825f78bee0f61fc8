"""The program that a page shows."""

import re

from tests.serving import REPOSITORY


def page_program(page: str) -> str:
    """The one Python program of `page`, a path in the repository."""
    (program,) = re.findall(r"```python\n(.*?)```", (REPOSITORY / page).read_text(encoding="utf8"), re.DOTALL)
    return program
