"""The pictures that each refresh of a report leaves in the Dagster UI."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sms_warehouse import sql
from sms_warehouse.assets import charts, plots
from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.plot_rows import ROWS
from sms_warehouse_tests.warehouse.world import (
    NOON,
    at,
    campaign,
    click,
    load,
    message_id,
    opt_out,
    receipt,
    refresh_all,
    submitted,
)

PLOTS = [plot for of_report in plots.PLOTS.values() for plot in of_report]
LARGEST_BYTES = 40_000
# Numbers that say where something is drawn, not how much of it there is.
_PLACES = {"dow_local", "hour_local", "r_score", "f_score"}

each_plot = pytest.mark.parametrize("plot", PLOTS, ids=[plot.name for plot in PLOTS])


def test_every_report_has_a_picture():
    assert set(plots.PLOTS) == set(REPORTS)


def test_every_picture_has_its_query():
    files = {file.stem for file in (sql.root() / "plots").glob("*.sql")}
    assert files == {plot.name for plot in PLOTS}


@each_plot
def test_a_picture_is_small_and_not_blank(plot: plots.Plot):
    drawn = plots.png(plot, ROWS[plot.name])
    assert len(drawn) < LARGEST_BYTES
    image = Image.open(io.BytesIO(drawn)).convert("RGB")
    assert len(image.getcolors(image.width * image.height)) > 3
    shown = plots.picture(plot, ROWS[plot.name], pytest.fail)
    assert isinstance(shown, dg.MarkdownMetadataValue)
    assert shown.value.startswith(f"![{plot.title}](data:image/png;base64,")


@each_plot
def test_one_row_is_enough_for_a_picture(plot: plots.Plot):
    assert plots.png(plot, ROWS[plot.name][:1])


# The curve has rows for clicks on delivered messages alone, so its denominator is never zero.
@pytest.mark.parametrize(
    "plot", [p for p in PLOTS if p.name != "click_curve"], ids=lambda plot: plot.name
)
def test_counts_of_nothing_are_no_reason_to_fail(plot: plots.Plot):
    """Before the first delivery, say: every rate is a division by zero."""
    zeros = [
        {
            name: 0 if type(value) is int and name not in _PLACES else value
            for name, value in row.items()
        }
        for row in ROWS[plot.name]
    ]
    empty = [{n: None if isinstance(v, Decimal) else v for n, v in row.items()} for row in zeros]
    assert plots.png(plot, empty)


def drawn(name: str, rows: Sequence[charts.Row]) -> Figure:
    (plot,) = (plot for plot in PLOTS if plot.name == name)
    figures: list[Figure] = []
    keeping = replace(plot, draw=lambda f, rows: (figures.append(f), plot.draw(f, rows)))
    assert plots.png(keeping, rows)
    return figures[0]


@pytest.mark.parametrize("days", [1, 2, 7])
def test_a_few_days_are_named_each_and_no_hours_between_them(days: int):
    dates = [date(2026, 3, 1) + timedelta(days=n) for n in range(days)]
    rows = [ROWS["delivery_by_day"][0] | {"sent_date_report": day} for day in dates]
    for axes in drawn("delivery_by_day", rows).axes:
        low, high = axes.get_xlim()
        shown = [t.get_text() for t in axes.get_xticklabels() if low <= t.get_position()[0] <= high]
        assert shown == [f"{day:%b %d}" for day in dates]


def test_a_panel_without_values_has_the_others_dates():
    dates = [date(2026, 3, 1) + timedelta(days=n) for n in range(30)]
    row = ROWS["delivery_by_day"][0] | {"delivered": 0}
    rows = [row | {"sent_date_report": day} for day in dates]
    left, clicks, _ = drawn("delivery_by_day", rows).axes
    assert clicks.get_xlim() == left.get_xlim()
    assert len(clicks.get_xticks()) < 10


def test_names_are_shown_as_they_are_and_each_row_is_at_one_height_in_both_panels():
    """Two networks of one operator are two rows, and a price is no formula."""
    for name, shown in (
        ("rolling_window", ["AT&T Mobility 310170", "AT&T Mobility 310410"]),
        ("campaigns", ["Was $50^, now $5"]),
        ("variants", ["Autumn for $5_ or $6 A (control)"]),
    ):
        left, *others = drawn(name, ROWS[name]).axes
        labels = [label for label in left.get_yticklabels() if label.get_text() in shown]
        assert sorted(label.get_text() for label in labels) == sorted(shown)
        assert not any(label.get_parse_math() for label in labels)
        assert [*left.get_yticks()] == list(range(len(ROWS[name])))
        for other in others:
            assert other.get_ylim() == left.get_ylim()


@each_plot
def test_a_report_without_rows_says_so_in_words(plot: plots.Plot):
    shown = plots.picture(plot, [], pytest.fail)
    assert isinstance(shown, dg.TextMetadataValue)
    assert shown.text == plot.nothing


def test_a_picture_that_cannot_be_drawn_is_a_warning_and_no_failure():
    plot, warnings = PLOTS[0], list[str]()
    shown = plots.picture(plot, [{"nonsense": 1}], warnings.append)
    assert isinstance(shown, dg.TextMetadataValue)
    assert warnings == [f"{plot.name} cannot be drawn: KeyError: 'sent_date_report'"]


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_the_published_table(
    successes: int, trials: int, low: float, high: float
):
    assert charts.wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_queries_give_the_columns_that_the_pictures_are_drawn_from(redshift: Redshift) -> None:
    """A campaign with a control and another variant: delivered, failed, clicked and answered with an opt-out."""
    events: list[Any] = [
        campaign(
            variants=(
                '[{"variant_id": "A", "allocation_pct": 50, "is_control": true},'
                ' {"variant_id": "B", "allocation_pct": 50, "is_control": false}]'
            )
        )
    ]
    for number in range(4):
        m = message_id(number)
        events += [
            submitted(
                m,
                variant_id="AB"[number % 2],
                recipient_id=f"sub_{number}",
                recipient_tz="America/New_York",
                mcc_mnc="310410",
            ),
            receipt(m, "DELIVERED" if number < 3 else "UNDELIVERED", at(seconds=9)),
        ]
    events += [click(message_id(0), at(minutes=40)), opt_out("sub_1", at(hours=2))]
    load(redshift, *events)
    as_of = NOON + timedelta(days=5)
    refresh_all(redshift, as_of)
    with redshift.session("tests") as session:
        for report, of_report in plots.PLOTS.items():
            shown = plots.pictures(session, report, as_of, pytest.fail)
            for plot in of_report:
                rows = plots.drawn_from(session, plot, as_of)
                assert rows, plot.name
                assert set(rows[0]) == set(ROWS[plot.name][0]), plot.name
                assert isinstance(shown[plot.title], dg.MarkdownMetadataValue)
