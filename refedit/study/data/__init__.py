"""What a study is made of: its definition, its pairs, who is shown what, what was answered, and how that is kept."""
