-- How many appointments each specialism has a week; a therapist of two specialisms counts for both.
select
    date_trunc('week', a.starts_at at time zone 'UTC')::date as week,
    s.specialism,
    count(*) as appointments,
    sum(a.duration_minutes) as minutes
from {{ source('clinic', 'appointments') }} as a
inner join {{ source('clinic', 'therapist_specialisms') }} as s on s.therapist_id = a.therapist_id
group by 1, 2
