"""Results for people: a page and a Markdown summary."""
