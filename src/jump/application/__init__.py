"""The composition root: reads nothing itself, is given the settings, and joins the parts."""
