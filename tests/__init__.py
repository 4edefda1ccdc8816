"""The tests mirror src/jump; what stands directly here serves all of them."""
