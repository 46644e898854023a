"""Page Rewards."""

from ui.bench import open_page

bench = open_page("Rewards")
