"""Segment Anything: masks from clicks and boxes. Knows no page."""
