-- The log: an id, what is to be kept, and the facts as JSON.
select id, team, facts from 'log.parquet'
