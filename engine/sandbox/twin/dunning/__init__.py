"""Dunning of Stripe: retries, reminders and what comes after the last of them."""
