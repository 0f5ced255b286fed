"""Proofs about rule bases, and records that refute what is claimed of them."""
