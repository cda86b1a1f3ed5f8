"""PaymentIntents, charges, refunds and disputes: how money is taken and given back."""
