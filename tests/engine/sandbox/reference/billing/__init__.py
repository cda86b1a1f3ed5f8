"""Sections 1 to 12 of the reference: subscriptions, their invoices, schedules and ends."""
