"""The lab's stand-in for K3s: one Go program, and its build."""
