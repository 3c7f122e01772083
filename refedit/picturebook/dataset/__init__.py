"""Scenes as training sees them: drawn in advance, cluttered, degraded, clicked on."""
