"""A workload -> Kubernetes objects' specs. Pure: no resource is made here."""
