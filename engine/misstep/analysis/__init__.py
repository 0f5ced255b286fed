"""Ask the engine many times: counterfactuals and certainty of a record, agreement of a rule base with judged cases."""
