"""Page Models: what there is, how good each is, and what becomes of it."""
