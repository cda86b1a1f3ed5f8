"""Five purchases, played on the real stack and told so that each decision can be followed."""
