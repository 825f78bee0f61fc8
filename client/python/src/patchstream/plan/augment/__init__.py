"""How patches are changed: which transforms, with which numbers."""
