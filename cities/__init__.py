"""City folders: what belongs to one city and to no other. Nothing in the product imports from here."""
