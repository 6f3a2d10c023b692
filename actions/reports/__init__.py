"""Reports: a model drafts them, behind an API that speaks as OpenAI's chat API does.

Reading order: `model`, `drafts`, `routes`.
"""
