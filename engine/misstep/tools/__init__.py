"""For authors: cases of packs, pages of a rule base, samples, data about rules. All use the public ``RuleBase``."""
