"""What people see: cases and arms become pictures and pairs. Runs methods, so serving a study does not load it."""
