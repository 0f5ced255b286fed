"""The second engine: the same rules, their matches found by durable-rules, in a process of its own."""
