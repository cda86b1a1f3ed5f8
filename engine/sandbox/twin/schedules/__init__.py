"""Subscription schedules of Stripe: phases as described, and the calls that make and change them."""
