"""The manners of Stripe's API: who asks, how a request is read, remembered and answered."""
