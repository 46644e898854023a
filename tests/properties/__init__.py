"""Laws that hold for every generated problem."""
