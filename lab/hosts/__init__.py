"""Hosts on this machine: containers with their own systemd, sshd, network and disk."""

from lab.hosts.host import Host
from lab.hosts.lab import Lab

__all__ = ["Host", "Lab"]
