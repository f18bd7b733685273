"""Benchmarks: each module gives ``figures()``; ``python -m tests.bench`` runs them."""
