"""The list of faults stays true to the code; planting them is ``make faults``."""

from collections import Counter

from sms_warehouse_tests.faults.planted import AREAS, faults


def test_every_listed_fault_still_has_its_text_and_its_tests():
    assert [mistake for fault in faults() for mistake in fault.mistakes()] == []


def test_the_list_is_long_and_of_all_areas_and_no_name_is_there_twice():
    names = Counter(fault.name for fault in faults())
    assert [name for name, count in names.items() if count > 1] == []
    assert len(names) >= 75
    assert {fault.area for fault in faults()} == set(AREAS)
