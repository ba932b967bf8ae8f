"""Where the rows of a result go: to nobody, onto the connection, or into a portal that is fetched in pieces."""

from __future__ import annotations

import collections
from collections.abc import Callable, Sequence
from typing import Any

from local_redshift import wire
from local_redshift.errors import PgError, unsupported

_PROTOCOL_WITH_BINARY_NUMERIC = 2


class Quiet:
    """Takes no notice of anything."""

    def columns(self, columns: Sequence[wire.Column]) -> None: ...

    def rows(self, rows: Sequence[Sequence[Any]]) -> None: ...

    def notice(self, text: str) -> None: ...


class Held(Quiet):
    """Encodes rows and keeps them for a client that asks for some at a time: a portal's whole result is in memory."""

    def __init__(self, formats: Sequence[int], protocol: int) -> None:
        self.tag = ""
        self._formats = formats
        self._protocol = protocol
        self._encoders: list[wire.Encoder] = []
        self._rows: collections.deque[bytes] = collections.deque()

    def columns(self, columns: Sequence[wire.Column]) -> None:
        self._encoders = _encoders(columns, spread(self._formats, len(columns)), self._protocol)

    def rows(self, rows: Sequence[Sequence[Any]]) -> None:
        self._rows.extend(wire.data_rows([row], self._encoders) for row in rows)

    def next(self, most: int) -> list[bytes]:
        """Up to so many rows; 0 is all."""
        count = min(most or len(self._rows), len(self._rows))
        return [self._rows.popleft() for _ in range(count)]


class Rows:
    """Encodes results onto a connection."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        formats: Sequence[int],
        *,
        with_description: bool,
        protocol: int,
    ) -> None:
        self._send = send
        self._formats = formats
        self._with_description = with_description
        self._protocol = protocol
        self._encoders: list[wire.Encoder] = []

    def columns(self, columns: Sequence[wire.Column]) -> None:
        formats = spread(self._formats, len(columns))
        self._encoders = _encoders(columns, formats, self._protocol)
        if self._with_description:
            self._send(wire.row_description(columns, formats, self._protocol))

    def rows(self, rows: Sequence[Sequence[Any]]) -> None:
        self._send(wire.data_rows(rows, self._encoders))

    def notice(self, text: str) -> None:
        self._send(wire.notice_response(text))


def _encoders(
    columns: Sequence[wire.Column], formats: Sequence[int], protocol: int
) -> list[wire.Encoder]:
    encoders = []
    for column, is_binary in zip(columns, formats, strict=True):
        if is_binary and column.oid == wire.NUMERIC and protocol < _PROTOCOL_WITH_BINARY_NUMERIC:
            # Redshift's binary numbers are not PostgreSQL's: such a client would read another number.
            raise unsupported(
                f'NUMERIC in binary form (column "{column.name}") for a client of protocol {protocol}',
                "ask for text, or cast to FLOAT8 or VARCHAR",
            )
        encoders.append(column.binary if is_binary else column.text)
    return encoders


def spread(formats: Sequence[int], count: int) -> Sequence[int]:
    """No format code means text for all, one means the same for all. Raises PgError 08P01."""
    if not formats:
        return [0] * count
    if len(formats) == 1:
        return [formats[0]] * count
    if len(formats) != count:
        raise PgError("08P01", "the number of format codes does not fit")
    return formats
