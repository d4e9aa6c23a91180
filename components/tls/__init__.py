"""Certificates for the hosts that applications answer under."""
