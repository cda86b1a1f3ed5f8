"""What is given off: coupons and the promotion codes that customers type for them."""
