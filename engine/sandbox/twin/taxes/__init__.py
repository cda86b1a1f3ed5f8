"""Taxes of Stripe: tax rates, and what they add to or hold within a line."""
