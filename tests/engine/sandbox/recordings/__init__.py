"""Does the twin answer as the real Stripe did? Recorded requests sent again, answers compared by shape."""
