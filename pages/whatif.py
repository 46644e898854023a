"""Page What if."""

from ui.bench import open_page

bench = open_page("What if")
