"""From a network's plan to stages, and from stages to the schedule."""
