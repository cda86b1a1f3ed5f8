"""The manners of Stripe's API, byte by byte."""
