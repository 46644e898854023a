"""Page What if: a scenario of events, the plan that answers it, and scenarios side by side."""
