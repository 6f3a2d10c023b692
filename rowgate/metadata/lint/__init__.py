"""Metadata that is valid and still unwise: what opens more than was meant, or costs more.

Reading order: `types` (rules and findings), `grants` (permissions with their places),
`expressions` (what a boolean expression binds), then the rules by what they guard: `ownership`,
`secrets`, `roles`, `bypass`, `cost`; `check` runs them all, `allowances` reads the comments that
allow a finding, `sarif` writes the result for other programs.
"""
