"""Comparison methods and measurements; nothing here is needed to edit a picture."""
