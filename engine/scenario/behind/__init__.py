"""What is done at Stripe itself, past Wallstreet."""
