"""Checkout Sessions: made and changed by calls, completed by a buyer."""
