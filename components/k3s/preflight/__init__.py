"""All hosts looked at, at once and without changing any, before anything is done on one."""
