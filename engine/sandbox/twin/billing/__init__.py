"""Stripe Billing: invoices, subscriptions, prorations, schedules and what happens as time passes."""
