"""A session's settings: what SET and SET LOCAL changed, and what COMMIT and ROLLBACK do to that."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from local_redshift.commands import Setting


class Settings:
    """Values by name. ``apply`` is called with the schemas of a new search path; its duckdb.Error undoes it."""

    def __init__(self, defaults: dict[str, str], apply: Callable[[list[str]], None]) -> None:
        self._defaults = defaults
        self._apply = apply
        self._values = dict(defaults)
        self._saved = self._values
        self._local: dict[str, str] = {}
        apply(self.search_path)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    @property
    def search_path(self) -> list[str]:
        names = [s.strip() for s in self._values["search_path"].split(",")]
        return [n for n in names if n != "$user"] or ["public"]

    def begin(self) -> None:
        self._saved = dict(self._values)
        self._local = {}

    def commit(self) -> None:
        """What was set for the transaction alone is as it was before."""
        self._change({**self._values, **self._local})

    def rollback(self) -> None:
        self._change(self._saved)

    def set(self, setting: Setting) -> None:
        value = self._defaults[setting.name] if setting.value is None else setting.value
        if setting.is_local:
            self._local.setdefault(setting.name, self._values[setting.name])
        else:
            self._local.pop(setting.name, None)
        self._change({**self._values, setting.name: value})

    def reset(self) -> None:
        self._change(dict(self._defaults))

    def _change(self, values: dict[str, str]) -> None:
        old, self._values = self._values, values
        if values["search_path"] != old["search_path"]:
            try:
                self._apply(self.search_path)
            except duckdb.Error:
                self._values = old
                raise
