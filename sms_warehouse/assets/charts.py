"""How the reports' pictures look: each function draws one of them from its rows.

Colours are told apart by people who see few of them (Okabe and Ito, 2008), and mean the same in every picture.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, Any]

_GREEN, _RED, _AMBER, _GREY = "#009e73", "#d55e00", "#e69f00", "#999999"
_BLUE, _SKY, _PINK, _YELLOW, _BLACK = "#0072b2", "#56b4e9", "#cc79a7", "#f0e442", "#333333"
_SERIES = (_RED, _AMBER, _BLUE, _PINK, _SKY, _YELLOW, _GREEN, _BLACK, _GREY)
_OUTCOMES = {"delivered": _GREEN, "failed": _RED, "pending": _AMBER, "unknown": _GREY}
_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_SEGMENTS = (
    "ENGAGED",
    "NEW",
    "AT_RISK",
    "LAPSED",
    "NEVER_ENGAGED",
    "LOW_DATA",
    "UNREACHABLE",
    "OPTED_OUT",
)
_Z95 = 1.959964
_LONGEST_NAME = 28
_FEW_DAYS = 7


def delivery_by_day(figure: Figure, rows: Sequence[Row]) -> None:
    outcomes, clicks = _two(figure, (3, 2))
    days = [row["sent_date_report"] for row in rows]
    _stack(outcomes, days, {name: _column(rows, name) for name in _OUTCOMES}, _OUTCOMES)
    outcomes.set_title("Messages by outcome; line: delivery rate", loc="left")
    rate = outcomes.twinx()
    rate.plot(
        days, [_share(r["delivered"], r["sent"]) for r in rows], color=_BLACK, marker=".", lw=1.2
    )
    _percent(rate, "y", 0, 1)
    _outside_legend(outcomes)
    clicks.plot(
        days,
        [_share(r["clicked_72h_delivered"], r["delivered"]) for r in rows],
        color=_BLUE,
        marker=".",
    )
    clicks.set_title("Clicked within 72 hours / delivered", loc="left")
    _percent(clicks, "y", 0)
    _dates(outcomes, clicks)


def campaigns(figure: Figure, rows: Sequence[Row]) -> None:
    ctr, opt_outs = _two(figure, (3, 2))
    ordered = sorted(rows, key=lambda r: _share(r["clicked_delivered"], r["delivered"]))
    names = [_short(r["campaign_name"]) + ("" if r["is_mature"] else " (young)") for r in ordered]
    _intervals(ctr, names, [(r["clicked_delivered"], r["delivered"]) for r in ordered], _BLUE)
    ctr.set_title("Click-through rate, 95 % interval", loc="left")
    opt_outs.barh(
        range(len(names)), [_share(r["opt_outs"], r["delivered"]) for r in ordered], color=_RED
    )
    _name_rows(opt_outs, [""] * len(names))
    opt_outs.set_title("Opt-outs / delivered", loc="left")
    _percent(opt_outs, "x", 0)


def rolling_window(figure: Figure, rows: Sequence[Row]) -> None:
    outcomes, clicks = _two(figure, (3, 2))
    first = rows[0]
    names = [_scope_name(row) for row in reversed(rows)]
    left = [0.0] * len(rows)
    for outcome, colour in _OUTCOMES.items():
        shares = [_share(row[outcome], row["sent"]) for row in reversed(rows)]
        outcomes.barh(range(len(rows)), shares, left=left, color=colour, label=outcome)
        left = [a + b for a, b in zip(left, shares, strict=True)]
    _name_rows(outcomes, names)
    outcomes.set_title(f"Sent {first['window_start']} to {first['window_end']}", loc="left")
    _percent(outcomes, "x", 0, 1)
    _outside_legend(outcomes)
    for place, row in enumerate(reversed(rows)):
        now, before = row["ctr_72h"], row["prev_ctr_72h"]
        if now is not None and before is not None:
            clicks.plot([float(before), float(now)], [place, place], color=_GREY, zorder=1)
        if before is not None:
            clicks.scatter(float(before), place, facecolors="white", edgecolors=_BLUE, zorder=2)
        if now is not None:
            clicks.scatter(float(now), place, color=_BLUE, zorder=3)
    _name_rows(clicks, [""] * len(rows))
    clicks.set_title("72 h clicks (hollow: before)", loc="left")
    _percent(clicks, "x", 0)


def failures_by_day(figure: Figure, rows: Sequence[Row]) -> None:
    daily, reasons = _two(figure, (3, 2))
    totals: dict[str, int] = defaultdict(int)
    permanent: dict[str, int] = defaultdict(int)
    by_day: dict[Any, dict[str, int]] = defaultdict(dict)
    for row in rows:
        reason = row["failure_category"]
        totals[reason] += row["messages"]
        permanent[reason] += row["permanent_messages"]
        by_day[row["sent_date_report"]][reason] = row["messages"]
    ordered = sorted(totals, key=lambda reason: (-totals[reason], reason))
    colours = {reason: _SERIES[n % len(_SERIES)] for n, reason in enumerate(ordered)}
    days = sorted(by_day)
    _stack(daily, days, {r: [by_day[day].get(r, 0) for day in days] for r in ordered}, colours)
    daily.set_title("Failed messages by reason", loc="left")
    _dates(daily)
    names = [reason.replace("_", " ").lower() for reason in reversed(ordered)]
    reasons.barh(
        names, [totals[r] for r in reversed(ordered)], color=[colours[r] for r in reversed(ordered)]
    )
    reasons.barh(
        names,
        [permanent[r] for r in reversed(ordered)],
        color="none",
        edgecolor=_BLACK,
        hatch="////",
        lw=0.0,
    )
    reasons.set_title("In all (hatched: permanent)", loc="left")


def clicks_by_hour(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    hours: list[Any] = []
    people: list[int] = []
    machines: list[int] = []
    for row in rows:
        # An hour without a row had no request: the line goes down to zero there.
        while hours and hours[-1] + timedelta(hours=1) < row["click_hour_utc"]:
            hours.append(hours[-1] + timedelta(hours=1))
            people.append(0)
            machines.append(0)
        hours.append(row["click_hour_utc"])
        people.append(row["human_clicks"])
        machines.append(row["bot_clicks"])
    axes.step(hours, people, where="post", color=_BLUE, label="people")
    axes.step(hours, machines, where="post", color=_GREY, label="machines")
    axes.fill_between(hours, people, step="post", color=_BLUE, alpha=0.2)
    axes.set_ylim(bottom=0)
    axes.set_title("Requests per hour (UTC)", loc="left")
    axes.legend(frameon=False, ncols=2, loc="upper right")
    _plain(axes)
    _dates(axes, has_hours=True)


def click_curve(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    delivered = rows[0]["delivered"]
    hours, shares, clicks = [0.0], [0.0], 0
    for row in rows:
        clicks += row["first_clicks"]
        hours.append((row["half_hour"] + 1) / 2)
        shares.append(clicks / delivered)
    axes.step([*hours, 72], [*shares, shares[-1]], where="post", color=_BLUE)
    half = next(hour for hour, share in zip(hours, shares, strict=True) if share * 2 >= shares[-1])
    axes.axvline(half, color=_GREY, lw=1, ls=":")
    axes.annotate(
        f"half of them within {half:g} h",
        (half, shares[-1] * 0.1),
        xytext=(4, 0),
        textcoords="offset points",
        color=_BLACK,
    )
    axes.set_xlim(0, 72)
    axes.set_xticks(range(0, 73, 12))
    axes.set_xlabel("hours since sending")
    axes.set_title(
        f"Share of {delivered:,} delivered messages that a person has clicked", loc="left"
    )
    _percent(axes, "y", 0)
    _plain(axes)


def send_times(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    grid = [[math.nan] * 24 for _ in _WEEKDAYS]
    for row in rows:
        if row["ctr_24h"] is not None:
            grid[row["dow_local"]][row["hour_local"]] = float(row["ctr_24h"])
    image = axes.imshow(grid, aspect="auto", cmap="viridis", vmin=0)
    best = max(rows, key=lambda r: float(r["wilson_low95"] or 0))
    axes.add_patch(_frame(best["hour_local"], best["dow_local"]))
    axes.set_yticks(range(7), _WEEKDAYS)
    axes.set_xticks(range(0, 24, 2))
    axes.set_xlabel(
        "the recipient's hour (framed: best, allowing for luck; white: nothing was sent)"
    )
    bar = figure.colorbar(image, ax=axes, pad=0.01)
    bar.ax.yaxis.set_major_formatter(_percents())
    bar.outline.set_visible(False)
    axes.set_title("Clicked within 24 hours / delivered", loc="left")


def variants(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    ordered = list(reversed(rows))
    names = []
    for row in ordered:
        marks = ["control"] if row["is_control"] else []
        if row["p_value_bucket"] is not None:
            p = row["p_value_bucket"]
            marks.append(f"p {p}" if row["decision_ready"] else "too early")
        if row["srm_flag"]:
            marks.append("shares off")
        names.append(
            f"{_short(row['campaign_name'])} {row['variant_id']}"
            + (f" ({', '.join(marks)})" if marks else "")
        )
    _intervals(
        axes,
        names,
        [(r["clicked_72h"], r["delivered"]) for r in ordered],
        [_GREY if r["is_control"] else _BLUE for r in ordered],
    )
    for place, (row, next_row) in enumerate(itertools.pairwise(ordered)):
        if row["campaign_id"] != next_row["campaign_id"]:
            axes.axhline(place + 0.5, color="#dddddd", lw=0.8)
    axes.set_title("Clicked within 72 hours / delivered, 95 % interval", loc="left")


def segments(figure: Figure, rows: Sequence[Row]) -> None:
    bars, scores = _two(figure, (3, 2))
    counts = dict.fromkeys(reversed(_SEGMENTS), 0)
    grid = [[0] * 5 for _ in range(5)]
    for row in rows:
        counts[row["segment"]] = counts.get(row["segment"], 0) + row["recipients"]
        grid[row["r_score"] - 1][row["f_score"] - 1] += row["recipients"]
    names = [segment.replace("_", " ").lower() for segment in counts]
    drawn = bars.barh(names, list(counts.values()), color=_BLUE)
    bars.bar_label(drawn, [f"{count:,}" for count in counts.values()], padding=3)
    bars.margins(x=0.15)
    bars.set_title("Recipients by segment", loc="left")
    scores.imshow(grid, aspect="auto", cmap="Blues", origin="lower")
    most = max(map(max, grid))
    for recency, line in enumerate(grid):
        for frequency, count in enumerate(line):
            scores.text(
                frequency,
                recency,
                f"{count:,}",
                ha="center",
                va="center",
                color="white" if 2 * count > most else _BLACK,
            )
    scores.set_xticks(range(5), ["1", "2", "3", "4", "5"])
    scores.set_yticks(range(5), ["1", "2", "3", "4", "5"])
    scores.set_xlabel("f_score: 5 clicks often")
    scores.set_ylabel("r_score: 5 clicked lately")
    scores.set_title("Recency and frequency", loc="left")


def follow_ups(figure: Figure, rows: Sequence[Row]) -> None:
    axes = figure.subplots()
    states = sorted({row["state"] for row in rows}, key=lambda state: (state != "NOW", state))
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        counts[row["action"]][row["state"]] = row["recipients"]
    actions = sorted(counts, key=lambda action: (sum(counts[action].values()), action))
    names = [action.replace("_", " ").lower() for action in actions]
    shades = iter((_AMBER, _BLUE, _PINK, _RED, _SKY, _YELLOW, _BLACK))
    left = [0] * len(actions)
    for state in states:
        colour = {"NOW": _GREEN, "NOTHING_TO_DO": _GREY}.get(state) or next(shades, _GREY)
        values = [counts[action].get(state, 0) for action in actions]
        axes.barh(names, values, left=left, color=colour, label=state.replace("_", " ").lower())
        left = [a + b for a, b in zip(left, values, strict=True)]
    axes.legend(frameon=False, loc="lower right")
    axes.set_title("Recipients by action, and whether it may be done now", loc="left")
    _plain(axes)


def opt_outs_by_day(figure: Figure, rows: Sequence[Row]) -> None:
    from matplotlib.ticker import MaxNLocator

    opt_outs, sent_after = _two(figure, (3, 2))
    days = [row["effective_date"] for row in rows]
    ways = ("keyword", "web", "agent", "import", "carrier", "erasure", "other")
    colours = dict(zip(ways, (_BLUE, _SKY, _GREEN, _YELLOW, _PINK, _GREY, _BLACK), strict=True))
    _stack(opt_outs, days, {way: _column(rows, f"by_{way}") for way in ways}, colours)
    opt_outs.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    opt_outs.set_title("Opt-outs by the way they came", loc="left")
    late = _column(rows, "sent_after_10_business_days")
    soon = [all_of - n for all_of, n in zip(_column(rows, "sent_after_optout"), late, strict=True)]
    colours = {"within 10 business days": _AMBER, "later": _RED}
    _stack(sent_after, days, dict(zip(colours, (soon, late), strict=True)), colours)
    sent_after.set_ylim(bottom=0)
    sent_after.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    sent_after.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    sent_after.set_title("Messages sent after one", loc="left")
    _dates(opt_outs, sent_after)


def lateness_by_hour(figure: Figure, rows: Sequence[Row]) -> None:
    lateness, odd = _two(figure, (3, 2))
    hours = [row["arrival_hour"] for row in rows]
    for name, colour, label in (
        ("p95_lateness_s", _BLUE, "95th percentile"),
        ("p50_lateness_s", _SKY, "median"),
    ):
        seconds = [math.nan if row[name] is None else float(row[name]) for row in rows]
        lateness.plot(hours, seconds, color=colour, marker=".", lw=1, label=label)
    lateness.set_yscale("symlog", linthresh=1)
    lateness.set_yticks([0, 1, 60, 3600, 86400], ["0", "1 s", "1 min", "1 h", "1 day"])
    lateness.minorticks_off()
    lateness.set_title("From event to log, of the latest service", loc="left")
    lateness.legend(frameon=False, ncols=2, loc="upper left")
    counted = ("duplicates", "quarantined", "orphans", "late_rows", "odd_rows")
    names = [name.replace("_", " ") for name in reversed(counted)]
    values = [sum(_column(rows, name)) for name in reversed(counted)]
    bars = odd.barh(names, values, color=_AMBER)
    odd.bar_label(bars, [f"{value:,}" for value in values], padding=3)
    odd.margins(x=0.2)
    odd.set_title(f"Of {sum(_column(rows, 'rows_in')):,} rows", loc="left")
    _dates(lateness, has_hours=True)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share. ``trials`` is above zero."""
    share, z2 = successes / trials, _Z95**2
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    reach = (
        _Z95 * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    )
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _intervals(
    axes: Axes,
    names: Sequence[str],
    counts: Sequence[tuple[int, int]],
    colours: str | Sequence[str],
) -> None:
    shades = [colours] * len(names) if isinstance(colours, str) else colours
    for place, ((successes, trials), colour) in enumerate(zip(counts, shades, strict=True)):
        if trials:
            low, high = wilson(successes, trials)
            axes.plot([low, high], [place, place], color=colour, lw=2)
            axes.scatter(successes / trials, place, color=colour, zorder=3)
    _name_rows(axes, names)
    _percent(axes, "x", 0)
    _plain(axes)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Names the rows of a panel from below. Equal names stay rows of their own, at one height in each panel."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)


def _stack(
    axes: Axes,
    days: Sequence[Any],
    series: Mapping[str, Sequence[int]],
    colours: Mapping[str, str],
) -> None:
    bottom = [0] * len(days)
    for name, values in series.items():
        axes.bar(days, values, bottom=bottom, color=colours[name], label=name, width=0.85)
        bottom = [a + b for a, b in zip(bottom, values, strict=True)]
    _plain(axes)


def _two(figure: Figure, widths: tuple[int, int]) -> tuple[Axes, Axes]:
    left, right = figure.subplots(1, 2, width_ratios=widths)
    _plain(left)
    _plain(right)
    return left, right


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=2)


def _outside_legend(axes: Axes) -> None:
    axes.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.14))


def _dates(*panels: Axes, has_hours: bool = False) -> None:
    from matplotlib.dates import (
        AutoDateLocator,
        ConciseDateFormatter,
        DateFormatter,
        DayLocator,
    )

    for axes in panels:
        shown = axes.dataLim
        if not math.isfinite(shown.width):
            # It has gaps alone.
            shown = panels[0].dataLim
            axes.set_xlim(panels[0].get_xlim())
        elif shown.width < 1:
            # Of a single point matplotlib would show four years.
            axes.set_xlim(shown.x0 - 0.5, shown.x1 + 0.5)
        if shown.width <= _FEW_DAYS and not has_hours:
            # matplotlib would put hours between them.
            axes.xaxis.set_major_locator(DayLocator())
            axes.xaxis.set_major_formatter(DateFormatter("%b %d"))
        else:
            locator = AutoDateLocator(maxticks=8)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _percents() -> Any:
    from matplotlib.ticker import PercentFormatter

    return PercentFormatter(1)


def _percent(axes: Axes, which: str, low: float, high: float | None = None) -> None:
    from matplotlib.ticker import MaxNLocator

    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_formatter(_percents())
    axis.set_major_locator(MaxNLocator(5 if which == "y" else 4))
    reached = axes.dataLim.y1 if which == "y" else axes.dataLim.x1
    # Room beyond the highest point, and some for a picture without one.
    limits = (low, high or 1.08 * max(reached, 0.001))
    if which == "y":
        axes.set_ylim(limits)
    else:
        axes.set_xlim(limits)


def _frame(hour: int, weekday: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((hour - 0.5, weekday - 0.5), 1, 1, fill=False, edgecolor=_RED, lw=2)


def _column(rows: Sequence[Row], name: str) -> list[int]:
    return [int(row[name]) for row in rows]


def _share(part: Any, whole: Any) -> float:
    """A share to draw; of nothing a gap."""
    return float(part) / float(whole) if whole else math.nan


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _scope_name(row: Row) -> str:
    if row["scope_type"] == "ALL":
        return "all"
    if row["scope_type"] == "CATEGORY":
        return str(row["scope_id"]).lower()
    # An operator has a code for each of its networks, and one name for all of them.
    name = row["carrier_name"]
    return str(row["scope_id"]) if name is None else f"{_short(name)} {row['scope_id']}"
