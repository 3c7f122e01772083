"""What happens on the page: handlers, connected to what is drawn."""
