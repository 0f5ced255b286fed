"""Score the interviews that have no score yet: a row for each, with the columns of score_batch."""

from misstep import score_batch


def model(dbt, session):
    dbt.config(materialized="incremental", unique_key="id")
    log = dbt.ref("interviews")
    if dbt.is_incremental:
        log = log.filter(f"id not in (select id from {dbt.this})")
    return score_batch(log.arrow().read_all())
