"""Calls on invoices of Stripe: drafts, their fields and lines, and how they move on."""
