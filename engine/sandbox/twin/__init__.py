"""The Stripe twin: a process that speaks Stripe's API and shares no code with the engine it tests."""
