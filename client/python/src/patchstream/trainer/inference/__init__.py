"""Labels whole images by sliding window."""
