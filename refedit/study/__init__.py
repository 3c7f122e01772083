"""Live user studies: what is asked, the pictures, the participant's page, the votes, and what they come to."""
