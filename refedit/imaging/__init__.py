"""Pictures, masks and squares as plain values. Knows no network."""
