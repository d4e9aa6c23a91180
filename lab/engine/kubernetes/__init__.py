"""Pulumi's `kubernetes` plugin for machines that cannot download the real one.

It follows the real plugin's semantics, so that what passes with it passes with the real one:
server-side apply, dry-run previews, its awaiters and annotations, Helm releases.
"""
