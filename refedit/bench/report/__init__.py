"""What the benchmark found, for people: a page and a Markdown summary."""
