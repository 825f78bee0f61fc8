"""Which case and which box each sample of a batch has."""
