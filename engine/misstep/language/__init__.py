"""What things are: kinds and facts, rules, results. Frozen data; nothing here reads or writes."""
