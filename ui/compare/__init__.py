"""What page Compare shows: a pair of plans, the figures, the score, the decisions, the moves."""
