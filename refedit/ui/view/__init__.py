"""What is on the page and where; nothing here reacts."""
