"""The twin's own books: a double-entry ledger, and the balance that Stripe keeps for each account."""
