"""Invoices of Stripe: drafts and their lines, finalizing, paying, voiding, credit notes, previews."""
