"""What belongs to a customer: tax ids, old card sources, balances."""
