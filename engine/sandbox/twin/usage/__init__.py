"""What is used: meters, what is reported to them, and how it comes onto invoices."""
