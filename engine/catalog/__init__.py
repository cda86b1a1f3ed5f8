"""What is sold: the catalog document, its rows and its products and prices at Stripe."""
