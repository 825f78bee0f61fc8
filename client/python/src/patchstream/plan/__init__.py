"""The plan of a run in numpy: its stages, its steps, and which crop every sample of every batch is.

A batch is a function of (run digest, timeline, step, stage). What is drawn here are the numbers that a server draws,
so a client can say what a batch must be before it comes, and check it when it has come.
"""
