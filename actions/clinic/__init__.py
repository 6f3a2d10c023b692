"""The clinic: appointments that are made once, however often they are asked for.

Reading order: `appointments`, `routes`.
"""
