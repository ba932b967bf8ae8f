"""``sms-warehouse follow-up``: the decision table and the lists of recipients, from a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from sms_warehouse.console import print_table


@click.group("follow-up")
def follow_up() -> None:
    """What to do about messages: the rules, and lists of whom to contact.

    \b
    Example:
      sms-warehouse follow-up rules
      sms-warehouse follow-up export cmp_spring --action REMIND_NON_CLICKER
    """


@follow_up.command()
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for set-rules to read.")
def rules(as_csv: bool) -> None:
    """Show the decision table: the first rule that fits a message decides.

    A condition that is empty fits any message. reports.follow_up_rule says what each column means.

    \b
    Example:
      sms-warehouse follow-up rules --csv > rules.csv
    """
    from sms_warehouse.follow_up import decision_table
    from sms_warehouse.resources.redshift import Redshift

    with Redshift().session("follow_up_rules") as session:
        table = decision_table.rules(session)
    if as_csv:
        click.echo(decision_table.as_csv(table), nl=False)
    else:
        print_table("rule", [_shown(rule) for rule in table])


def _shown(rule: dict[str, object]) -> dict[str, object]:
    """A rule on one line: its conditions in words."""
    decided = ("action", "effect", "priority", "valid_hours", "reason")
    conditions = [
        f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        for name, value in rule.items()
        if name not in ("rule_order", *decided) and value is not None
    ]
    return {
        "rule_order": rule["rule_order"],
        "conditions": " ".join(conditions) or "any message",
        **{name: "" if rule[name] is None else str(rule[name]) for name in decided},
    }


@follow_up.command("set-rules")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
def set_rules(file: Path, dry_run: bool) -> None:
    """Replace the decision table by that of a CSV FILE, as `rules --csv` prints it, and show what changes.

    Every cell is checked; a table with a mistake changes nothing. The last rule must fit every message.
    reports.message_status follows at once, reports.followup_audience with its next refresh.

    \b
    Example:
      sms-warehouse follow-up set-rules rules.csv --dry-run
      sms-warehouse follow-up set-rules rules.csv
    """
    from sms_warehouse.follow_up import decision_table
    from sms_warehouse.resources.redshift import Redshift

    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{file} is not UTF-8 text: {error}") from None
    try:
        changes = decision_table.set_rules(Redshift(), text, dry_run=dry_run)
    except decision_table.RulesRefused as refused:
        for mistake in refused.mistakes:
            click.echo(f"error: {file}: {mistake}", err=True)
        click.echo("nothing was changed", err=True)
        raise click.exceptions.Exit(1) from None
    for change, changed_rules in (("added", changes.added), ("removed", changes.removed)):
        for rule in changed_rules:
            shown = _shown(rule)
            click.echo(
                f"{change}: rule {shown['rule_order']}, {shown['conditions']}: {rule['action']}"
            )
    for order, columns in changes.changed.items():
        for name, (before, after) in columns.items():
            click.echo(f"changed: rule {order}, {name}: {_word(before)} -> {_word(after)}")
    click.echo(
        f"{changes.rules} rules: {len(changes.added)} added, {len(changes.removed)} removed, "
        f"{len(changes.changed)} changed"
    )
    if dry_run:
        click.echo("nothing was changed", err=True)


def _word(value: object) -> str:
    if value is None:
        return "empty"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


_HOUR = click.IntRange(0, 24)


@follow_up.command()
@click.option(
    "--cap-messages", type=click.IntRange(1), help="Messages a recipient may have in --cap-days."
)
@click.option("--cap-days", type=click.IntRange(1, 90), help="Days of the frequency cap.")
@click.option(
    "--first-hour", type=_HOUR, help="First local hour in which recipients may be contacted."
)
@click.option("--end-hour", type=_HOUR, help="Local hour from which on they may not any more.")
@click.option(
    "--fresh-minutes", type=click.IntRange(1), help="Minutes for which an audience holds."
)
def settings(**given: int | None) -> None:
    """Show when and how often recipients may be contacted, and change it.

    \b
    Example:
      sms-warehouse follow-up settings --cap-messages 3 --cap-days 7
    """
    from sms_warehouse.follow_up import decision_table
    from sms_warehouse.resources.redshift import Redshift

    changed = {name: value for name, value in given.items() if value is not None}
    if changed:
        row = decision_table.set_settings(Redshift(), changed)
    else:
        with Redshift().session("follow_up_settings") as session:
            row = decision_table.settings(session)
    print_table("setting", [row])


@follow_up.command()
@click.argument("campaign")
@click.option(
    "--action",
    "actions",
    multiple=True,
    help="Only recipients with this action; may be given again. Default: all that contact the recipient.",
)
@click.option("--dry-run", is_flag=True, help="Only count who would be handed over, and who not.")
def export(campaign: str, actions: tuple[str, ...], dry_run: bool) -> None:
    """Hand over, as CSV in S3, who of a CAMPAIGN may be followed up at this moment.

    Consent, frequency cap and quiet hours are looked at anew. A recipient on a list is not put on another one for the
    same message, and counts for the frequency cap. The list has no phone numbers, nor tokens of them.

    \b
    Example:
      sms-warehouse follow-up export cmp_spring --dry-run
      sms-warehouse follow-up export cmp_spring --action REMIND_NON_CLICKER
    """
    from sms_warehouse import settings as configuration
    from sms_warehouse.follow_up import lists
    from sms_warehouse.resources.lake import Lake
    from sms_warehouse.resources.redshift import Redshift

    if dry_run:
        counted = lists.preview(
            Redshift(),
            Lake(),
            campaign,
            actions,
            now=_now,
            report_tz=configuration.report_timezone(),
        )
        print_table("action", counted)
        click.echo("nobody was handed over", err=True)
        return
    exported = lists.export(
        Redshift(),
        Lake(),
        campaign,
        actions,
        now=_now,
        report_tz=configuration.report_timezone(),
    )
    for reason, recipients in sorted(exported.not_now.items()):
        click.echo(f"not now, {reason}: {recipients:,} recipients", err=True)
    if exported.newest_event_at is not None:
        click.echo(f"events known up to {exported.newest_event_at:%Y-%m-%d %H:%M} UTC", err=True)
    click.echo(f"{exported.contacts:,} recipients {exported.url or ''}".rstrip())
