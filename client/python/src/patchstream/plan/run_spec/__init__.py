"""The data half of a run spec, resolved."""
