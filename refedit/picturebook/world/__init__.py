"""The drawn world: scenes, their drawings, captions and true edits. Knows no network."""
