"""What should happen: the rules of a purchase as files, proved, decided twice, and explained."""
