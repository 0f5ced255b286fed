"""Tools for authors of packs: run cases, write pages, generate samples, look up rules. All use the public ``RuleBase``."""
