"""What the page remembers and says, as plain values. Knows no component."""
