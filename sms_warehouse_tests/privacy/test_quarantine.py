"""Lines that could not be used name people too: they are emptied, and still counted."""

from __future__ import annotations

import pytest

from sms_warehouse.privacy.erase import remove_emptied
from sms_warehouse.privacy.landing import words
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.s3 import LakeUnavailable
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    HER_LINES,
    OTHER_LINES,
    erased,
    land,
    long_line,
    put,
    quarantined,
)

HERS, OTHERS = len(HER_LINES), len(OTHER_LINES)
LINES = ("message_submitted",)


def test_a_long_line_is_emptied_though_its_file_went_before(
    without_anna: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Landing is killed before it removes the file, and finds it gone when the object comes back."""
    platform = without_anna
    (kept,) = (found.key for found in platform.lake.list_prefix("quarantine/"))
    delete = Lake.delete

    def stopped(self: Lake, found: list[str]) -> None:
        if any(key.startswith("quarantine/") for key in found):
            raise LakeUnavailable("stopped")
        delete(self, found)

    put(platform, "second", [], long_line(ANNA), long_line(BEN))
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "delete", stopped)
        with pytest.raises(LakeUnavailable):
            land(platform, LINES)
    assert quarantined(platform) == {True: HERS + 1, False: OTHERS + 1}
    hers, his = (f.key for f in platform.lake.list_prefix("quarantine/") if f.key != kept)
    assert remove_emptied(platform.redshift, platform.lake) == 1
    left = {found.key for found in platform.lake.list_prefix("quarantine/")}
    assert left == {kept, his}
    assert remove_emptied(platform.redshift, platform.lake) == 0
    # Its content is replaced and comes back, and the file is removed while that lands.
    (found,) = (o for o in platform.lake.list_prefix("raw/") if o.key.endswith("/second.json.gz"))
    body = platform.lake.get(found.key)
    put(platform, "second", [], OTHER_LINES[0])
    land(platform, LINES)
    assert body is not None
    platform.lake.put(found.key, body)

    def removed_first(found: Lake, key: str) -> bytes | None:
        if key == hers:
            delete(found, [key])
        return get(found, key)

    get = Lake.get
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "get", removed_first)
        land(platform, LINES)
    assert quarantined(platform) == {True: HERS + 1, False: OTHERS + 2}
    assert erased(platform).is_proved


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"recipient_id":"sub_1"}', "sub_1"),
        ("{recipient_id:sub_1", "sub_1"),
        ("recipient_id=sub_1;x", "sub_1"),
        ("sub_1#12,cmp", "sub_1"),
        ('{"a":"x:1"}', "x:1"),
        (r'{"a":"sub\u005f1"}', "sub_1"),
    ],
)
def test_an_identifier_is_a_word_however_the_line_is_broken(text: str, word: str) -> None:
    assert word in words(text)
    assert BEN not in words(text)
