"""Where RefEdit is hosted: the Spacefile of a Hugging Face Space, and the head of README that is made from it."""
