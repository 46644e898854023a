"""Page Training: the form of a new run, the list of runs, and one run as it goes."""
