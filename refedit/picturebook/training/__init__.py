"""Trains the networks, stage by stage, in a folder that any training can go on from. Knows no command line."""
