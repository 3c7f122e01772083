"""Scenes as training needs them: drawn in advance, cluttered, augmented, clicked on. Knows no network."""
