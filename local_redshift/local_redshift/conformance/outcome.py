"""What one comparison with a Redshift came to."""

from __future__ import annotations

from dataclasses import dataclass

GUIDE = "https://docs.aws.amazon.com/redshift/latest/dg/"


@dataclass(frozen=True)
class Outcome:
    """One comparison: ``agreed`` is None when it could not be made, and ``note`` says why."""

    section: str
    name: str
    agreed: bool | None
    expected: str = ""
    found: str = ""
    page: str = ""
    """The page of the Redshift Database Developer Guide that documents it, without ``.html``."""
    note: str = ""

    @property
    def url(self) -> str:
        """Where the page is on the web; empty without a page."""
        return f"{GUIDE}{self.page}.html" if self.page else ""
