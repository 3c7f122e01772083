"""One edit from request to result: what is asked, how it runs on one device, what came of it. Knows no page."""
