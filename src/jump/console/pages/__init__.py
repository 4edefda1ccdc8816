"""The pages: a file for each, or for those of one thing, that ends with the PAGES `places` lists.

To add one: `pages/name.py` with its `Page`s, `templates/name.html` for each, a line in `places`,
and its entry in `navigation` if it has one. Tests and screenshots find it in `places`.
"""
