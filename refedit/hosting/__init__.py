"""Where RefEdit is hosted: the Spacefile of a Hugging Face Space, and the parts of README that commands write."""
