"""What the faces for people share: the look, its files, and what a browser may do with a page."""
