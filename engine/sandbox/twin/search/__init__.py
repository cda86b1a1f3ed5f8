"""Stripe's search: its query language, the fields it knows, and the endpoints."""
