"""Catalog × metadata: what is exposed to whom, resolved once for each change of the world.

Reading order: `types`, `naming`, `columns`, `relationships`, `conditions`, `permissions`,
`roles`, `functions`, `type_names`, `models`, `natives`, `unbuilt`,
`endpoints`, `federation`, `resolve`.
"""
