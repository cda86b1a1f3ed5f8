"""Who buys: customers, their cards, their clocks and what they hold."""
