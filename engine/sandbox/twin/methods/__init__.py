"""Ways to pay beside cards: which ones an account offers, and what one of each kind shows."""
