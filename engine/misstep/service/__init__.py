"""Records in over HTTP; assessments out. ``misstep serve`` runs it (extra ``misstep[serve]``)."""
