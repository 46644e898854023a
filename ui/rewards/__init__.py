"""Page Rewards: the controls, what is stored, and what the weights make of it."""
