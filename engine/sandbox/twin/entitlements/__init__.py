"""What may a customer use: features, the products that have them, and who is entitled to them."""
