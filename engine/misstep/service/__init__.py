"""The HTTP service: records in; assessments out. ``misstep serve`` runs it (extra ``misstep[serve]``)."""
