"""The built-in picture book: a drawn world, and networks that are trained on it. Knows no page and no benchmark."""
