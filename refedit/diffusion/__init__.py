"""Diffusion with a latent model: schedule, inversions, attention under control, words. Knows no method and no page."""
