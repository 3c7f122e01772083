"""The commands of the command line that are no room's own; each reads files, runs, and writes files."""
