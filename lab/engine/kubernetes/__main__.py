"""The plugin's program: `python -m lab.engine.kubernetes`, started by the engine."""

from lab.engine.kubernetes.plugin import KubernetesPlugin
from lab.engine.serve import serve

serve(KubernetesPlugin())
