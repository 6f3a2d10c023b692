"""Answers as bytes: results spliced into envelopes, errors in the contract's shape.

All of it is in `assemble`.
"""
