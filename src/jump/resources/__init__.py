"""What a resource is, as data; the resources themselves are listed in clinical."""
