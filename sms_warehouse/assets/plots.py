"""Pictures of the reports, drawn after each refresh from small aggregates (``sql/plots``) and kept with it.

A picture is a PNG inside Markdown, which is what the Dagster UI shows. Of reports about persons it counts them.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np

from sms_warehouse import sql
from sms_warehouse.assets import charts
from sms_warehouse.resources.redshift import Session

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]

_SIZE_IN = (9.0, 3.4)
_DPI = 100
_COLOURS = 64


@dataclass(frozen=True)
class Plot:
    """A picture: ``name`` is its file in ``sql/plots``, ``title`` what it shows."""

    name: str
    title: str
    draw: Callable[[Figure, Sequence[Row]], None]
    nothing: str
    """What is said when there is nothing to draw."""


PLOTS: dict[str, tuple[Plot, ...]] = {
    "campaign_daily": (
        Plot(
            "delivery_by_day",
            "What became of messages, and who clicked, by day of sending",
            charts.delivery_by_day,
            "Nothing was sent in the last 35 days.",
        ),
    ),
    "campaign_performance": (
        Plot(
            "campaigns",
            "Click-through and opt-out rates of the campaigns that sent most",
            charts.campaigns,
            "No campaign has a delivered message.",
        ),
    ),
    "rolling_30d": (
        Plot(
            "rolling_window",
            "Thirty days by carrier, and clicks against the thirty days before",
            charts.rolling_window,
            "Nothing was sent in the thirty days up to yesterday.",
        ),
    ),
    "delivery_failure_daily": (
        Plot(
            "failures_by_day",
            "Why messages failed, by day of sending",
            charts.failures_by_day,
            "No message failed in the last 35 days.",
        ),
    ),
    "click_activity_hourly": (
        Plot(
            "clicks_by_hour",
            "Requests for links by hour, people and machines",
            charts.clicks_by_hour,
            "Nobody asked for a link in the last seven days.",
        ),
        Plot(
            "click_curve",
            "How soon delivered messages are clicked",
            charts.click_curve,
            "No message that is 72 hours to ten days old was clicked.",
        ),
    ),
    "send_time_heatmap": (
        Plot(
            "send_times",
            "Clicks within 24 hours by the recipient's weekday and hour of sending",
            charts.send_times,
            "No message of the ninety days was delivered at a known local hour.",
        ),
    ),
    "ab_variant": (
        Plot(
            "variants",
            "Click-through rates of variants within 72 hours, with 95 % intervals",
            charts.variants,
            "No campaign with variants has delivered messages 72 hours old.",
        ),
    ),
    "recipient_engagement": (
        Plot(
            "segments",
            "How many recipients there are in each segment",
            charts.segments,
            "No recipient has had a message in the last 400 days.",
        ),
    ),
    "followup_audience": (
        Plot(
            "follow_ups",
            "What there is to do about how many recipients",
            charts.follow_ups,
            "No recipient has had a marketing message in the last 14 days.",
        ),
    ),
    "optout_compliance_daily": (
        Plot(
            "opt_outs_by_day",
            "Opt-outs of the last sixty days, and what was sent after them",
            charts.opt_outs_by_day,
            "Nobody opted out in the last sixty days.",
        ),
    ),
    "pipeline_quality_hourly": (
        Plot(
            "lateness_by_hour",
            "How late logs were, and what was odd, in the last eight days",
            charts.lateness_by_hour,
            "No log arrived in the last eight days.",
        ),
    ),
}


def pictures(
    session: Session, report: str, as_of: datetime, warn: Callable[[str], object]
) -> dict[str, dg.MetadataValue]:
    """The report's pictures, by title; a sentence in place of one that would be empty."""
    return {
        plot.title: picture(plot, drawn_from(session, plot, as_of), warn)
        for plot in PLOTS.get(report, ())
    }


def picture(plot: Plot, rows: Sequence[Row], warn: Callable[[str], object]) -> dg.MetadataValue:
    """One picture as Markdown, or a sentence when there are no rows."""
    if not rows:
        return dg.MetadataValue.text(plot.nothing)
    try:
        encoded = base64.b64encode(png(plot, rows)).decode()
    except Exception as error:
        # The report is no less right for a picture that cannot be drawn of it.
        warn(f"{plot.name} cannot be drawn: {type(error).__name__}: {error}")
        return dg.MetadataValue.text("The picture could not be drawn: the run's log says why.")
    return dg.MetadataValue.md(f"![{plot.title}](data:image/png;base64,{encoded})")


def png(plot: Plot, rows: Sequence[Row]) -> bytes:
    """Draws one picture."""
    # Late: each run is a process that loads these definitions, and few of them draw.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure(_SIZE_IN, _DPI, layout="constrained")
    # Names are people's: two dollar signs in one are no formula.
    with rc_context({"text.parse_math": False}):
        plot.draw(figure, rows)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    drawn = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    image = io.BytesIO()
    # A palette is enough for bars and lines, and a third of the size: Dagster keeps every picture for good.
    drawn.quantize(_COLOURS).save(image, "png", optimize=True)
    return image.getvalue()


def drawn_from(session: Session, plot: Plot, as_of: datetime) -> list[Row]:
    """What a picture is drawn from."""
    (statement,) = sql.statements(f"plots/{plot.name}")
    values: dict[str, object] = {"as_of": as_of}
    return session.records(statement.text, **{name: values[name] for name in statement.parameters})
