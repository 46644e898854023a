"""Page Compare."""

from ui.bench import open_page

bench = open_page("Compare")
