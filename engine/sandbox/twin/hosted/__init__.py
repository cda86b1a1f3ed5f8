"""The pages of Stripe that a person sees: plain HTML that works without scripts."""
