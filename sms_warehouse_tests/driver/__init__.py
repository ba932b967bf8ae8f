"""The ``sms-warehouse`` command as its users meet it: words, exit codes, and what it leaves behind."""
