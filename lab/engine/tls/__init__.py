"""The tls plugin: private keys and certificates as resources, kept in the state.

Keys, extensions and replacement rules are those of the official plugin, so that Go's and OpenSSL's
verification take what is made here as they take what is made there.
"""
