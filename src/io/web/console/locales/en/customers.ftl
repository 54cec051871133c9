# Customers: found, known by everything that happened with them, edited, erased.
