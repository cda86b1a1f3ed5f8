"""The objects of Stripe that bill nothing by themselves: customers, cards, catalog, payments, checkout."""
