"""Invoice items of Stripe: what waits for an invoice or stands on a draft."""
