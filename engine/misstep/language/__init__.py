"""The rule language: its tables, kinds and facts, rules, the scale. Frozen data; nothing here reads or writes."""
