"""``python -m sms_warehouse`` is the ``sms-warehouse`` command."""

from sms_warehouse.cli import main

main(prog_name="sms-warehouse")
