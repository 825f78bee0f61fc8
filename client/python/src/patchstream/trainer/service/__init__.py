"""The service: calls, and the trainings in the runs folder."""
