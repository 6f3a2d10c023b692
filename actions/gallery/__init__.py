"""The gallery: pictures with a title, a description and tags, for everybody, for one or for some.

Reading order: `intake` (what was posted), `descriptor` (what a picture looks like), `rows`,
`images` (the operations), `routes`. Lists, changes, sharing and searches are the engine's.
"""
