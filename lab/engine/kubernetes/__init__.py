"""Pulumi's `kubernetes` plugin for machines that cannot download the real one.

It follows the real plugin's semantics, so that what passes with it passes with the real one:
server-side apply, dry-run previews, its awaiters and annotations, Helm releases. What it does not
have it refuses by name: components that render charts or YAML, client-side apply, rendering to
files, functions, and the options of a Release that its Helm cannot honour.

`plugin` takes the engine's questions; `resource` and `release` answer them for one object, with
the steps of `mutations` (create, update, delete) and `readiness` (waiting, by the rules in
`awaiters`); `difference` and `replacement` say what a change means; `api` is the server.
"""
