"""What is sold: products, their prices, and how a price says what a quantity costs."""
