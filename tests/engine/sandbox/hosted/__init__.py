"""Tests of what a person sees at Stripe."""
