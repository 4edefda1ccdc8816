"""The calendar: what is free, what is taken, and how it is booked."""
