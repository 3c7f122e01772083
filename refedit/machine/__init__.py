"""The machine at hand: threads, memory of what was computed, checksums, versions. Knows no picture."""
