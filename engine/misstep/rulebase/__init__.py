"""Rule packs: YAML in, a checked and linked program out."""
