"""What every report is made of: a page that needs nothing else, tables, axes of charts, pictures as text."""
