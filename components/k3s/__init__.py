"""A K3s cluster on hosts reached over SSH: made, changed and removed without losing quorum."""
