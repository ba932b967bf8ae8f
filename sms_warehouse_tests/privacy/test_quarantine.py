"""Lines that could not be used name people too: they are emptied, and still counted."""

from __future__ import annotations

import pytest

from sms_warehouse.privacy.erase import erase, remove_emptied
from sms_warehouse.privacy.landing import words
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.s3 import LakeUnavailable
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    NOW,
    REQUEST,
    TOKENS,
    land,
    load,
    long_line,
    message,
    put,
    world,
)

BAD = (
    b'{"recipient_id":"sub_anna", broken',
    b'{"message_id":"' + message(ANNA).encode() + b'"}',
    b'{"msisdn_token":"' + TOKENS[ANNA].encode() + b'","x":"\xff\xfe"}',
    b'{"recipient_id":"sub_\\u0061nna"}',
    long_line(ANNA),
)
OTHER = (b'{"recipient_id":"sub_ben"}', b'{"recipient_id":"sub_annabel"}')


def lines(platform: Platform) -> dict[bool, int]:
    """How many quarantined lines are empty, and how many are not."""
    with platform.redshift.session("tests") as session:
        return {
            is_empty: int(count)
            for is_empty, count in session.rows(
                "select raw_line is null and raw_line_key is null as is_empty, count(*) as lines"
                " from control.quarantined_line where reason is not null"
                " group by raw_line is null and raw_line_key is null"
            )
        }


def erased(platform: Platform) -> bool:
    return erase(platform.redshift, platform.lake, ANNA, REQUEST, now=NOW).is_proved


def test_lines_that_name_the_person_are_emptied_in_whatever_form(platform: Platform) -> None:
    load(platform, "first", world(), *BAD, *OTHER)
    assert lines(platform) == {False: len(BAD) + len(OTHER)}
    assert platform.lake.list_prefix("quarantine/")
    assert erased(platform)
    assert lines(platform) == {True: len(BAD), False: len(OTHER)}
    assert not platform.lake.list_prefix("quarantine/")


def test_lines_that_land_after_erasure_are_emptied_as_they_land(platform: Platform) -> None:
    load(platform, "first", world())
    assert erased(platform)
    load(platform, "second", [], *BAD, *OTHER)
    assert lines(platform) == {True: len(BAD), False: len(OTHER)}
    assert erased(platform)


def test_a_long_line_is_emptied_though_its_file_went_before(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Landing is killed before it removes the file, and finds it gone when the object comes back."""
    load(platform, "first", world())
    assert erased(platform)
    delete = Lake.delete

    def stopped(self: Lake, found: list[str]) -> None:
        if any(key.startswith("quarantine/") for key in found):
            raise LakeUnavailable("stopped")
        delete(self, found)

    put(platform, "second", [], long_line(ANNA), long_line(BEN))
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "delete", stopped)
        with pytest.raises(LakeUnavailable):
            land(platform)
    assert lines(platform) == {True: 1, False: 1}
    hers, his = (found.key for found in platform.lake.list_prefix("quarantine/"))
    assert remove_emptied(platform.redshift, platform.lake) == 1
    assert [found.key for found in platform.lake.list_prefix("quarantine/")] == [his]
    assert remove_emptied(platform.redshift, platform.lake) == 0
    # Its content is replaced and comes back, and the file is removed while that lands.
    (found,) = (o for o in platform.lake.list_prefix("raw/") if o.key.endswith("/second.json.gz"))
    body = platform.lake.get(found.key)
    put(platform, "second", [], OTHER[0])
    land(platform)
    assert body is not None
    platform.lake.put(found.key, body)

    def removed_first(found: Lake, key: str) -> bytes | None:
        if key == hers:
            delete(found, [key])
        return get(found, key)

    get = Lake.get
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "get", removed_first)
        land(platform)
    assert lines(platform) == {True: 1, False: 2}
    assert erased(platform)


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
