"""Small commands for operators, beside `pulumi`: `python -m ops --help`."""
