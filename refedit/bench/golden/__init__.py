"""Traces of single configurations, to compare this code with public implementations step by step."""
