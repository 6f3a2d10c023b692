"""The reference application's tables: models, migrations, seeds. No process lives here.

Reading order: `models`, `migrations`, `seeds`.
"""
