"""What exists for speed only: rules share functions, and of very many the values of a fact choose which are run."""
