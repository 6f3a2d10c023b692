-- How many events each venue has, and when the first and the last of them are.
select
    venue,
    count(*) as events,
    min(date) as first_date,
    max(date) as last_date
from {{ source('agenda', 'events') }}
group by venue
