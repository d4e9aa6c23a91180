"""The lab: everything that lets the program run on one machine, from nothing but packages."""
