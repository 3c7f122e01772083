"""What votes come to: fits, intervals, agreement, power, and the report. Needs statsmodels and scipy."""
