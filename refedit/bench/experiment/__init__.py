"""What is run and measured: cases, arms, outcomes and their store, statistics. Knows no claim and no report."""
