"""Documents and faults that the tests of snapshot files share."""
