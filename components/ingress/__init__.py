"""The way in: from a host's ports 80 and 443 to an application's Service."""
