"""What can stand behind a field, or before it: tables, actions, introspection, validation.

None imports another.

Each has one function for each clock it takes part in; `pipeline` lists them.
"""
