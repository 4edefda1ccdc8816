"""Settings > Developers: pages for people, over the functions that the API and commands call."""
