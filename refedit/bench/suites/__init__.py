"""Groups of arms that one command runs: edits, comparison, tuning, speed."""
