"""Subscriptions that stand still: the pause and resume endpoints, and what a resumption waits for."""
