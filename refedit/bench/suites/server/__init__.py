"""A real server of the page, tried as strangers try it: what was measured, beside what was promised."""
