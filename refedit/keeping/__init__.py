"""What a page that strangers use keeps of them: a private folder, how long, how much, and what memory is given back."""
