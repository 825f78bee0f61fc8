"""What a batch is: steps and stages, shares of ranks, tensors, cases."""
