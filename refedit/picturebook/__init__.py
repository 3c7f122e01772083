"""The built-in picture book: a drawn world, its captions and true edits, and the networks trained on them."""
