"""What a practice offers: who, where, which types and when. Read by the API, written by loading."""
