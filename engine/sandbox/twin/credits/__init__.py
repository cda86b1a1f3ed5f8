"""Billing credits: grants, their balance, and how invoices of usage use them up."""
