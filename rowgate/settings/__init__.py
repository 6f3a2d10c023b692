"""What a process is told at its start: one frozen value made from environment and flags.

Stands below every other room but `base`, so that any of them can name the settings it obeys.
Reading order: `values` (how a text becomes a value), `declaration` (what a setting is), `reading`
(from environment and flags to checked values), `types` (the table of settings).
"""

from rowgate.settings.types import Settings
from rowgate.settings.values import SettingsError

__all__ = ["Settings", "SettingsError"]
