"""What can be broken on purpose, and how it looks from outside."""
