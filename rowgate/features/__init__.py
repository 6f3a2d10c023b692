"""What can stand behind a field: tables, actions, introspection. None imports another.

Each has one function for each clock it takes part in; `pipeline` lists them.
"""
