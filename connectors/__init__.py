"""How records leave a source: one module a kind, each yields Arrow batches. docs/connectors.md lists kinds and settings.

`registry` finds a kind and opens it, `protocol` is what a kind must offer. Landing, manifests, drift and retries of a night are outside.
"""
