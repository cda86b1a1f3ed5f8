"""Credit notes of Stripe: how finalized invoices are lowered and given back."""
