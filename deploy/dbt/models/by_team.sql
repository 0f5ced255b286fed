select team, count(*) as interviews, round(avg(damage), 1) as damage, count(*) filter (band = 'fatal') as fatal,
       count(error) as rejected
from {{ ref('scores') }}
group by team
order by team
