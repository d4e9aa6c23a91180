"""The postgres section -> Kubernetes objects' specs. Pure: no resource is made here."""
