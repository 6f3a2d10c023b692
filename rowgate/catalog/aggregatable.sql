-- Types for which both min and max exist under an unqualified name, and the types that reach one
-- of those by an implicit cast: one that changes no bytes (varchar as text, cidr as inet), or one
-- of the server's two names for short text.
with accepted as (
    select a.type
    from (
        select p.proname, p.proargtypes[0] as type
        from pg_catalog.pg_proc p
        where p.prokind = 'a'
            and p.pronargs = 1
            and p.proname in ('min', 'max')
            and pg_catalog.pg_function_is_visible(p.oid)
    ) a
    group by a.type
    having count(distinct a.proname) = 2
)
select type from accepted
union
select k.castsource
from pg_catalog.pg_cast k
join accepted on accepted.type = k.casttarget
where k.castcontext = 'i'
    and (k.castmethod = 'b' or k.castsource in (
        'pg_catalog.name'::pg_catalog.regtype, 'pg_catalog."char"'::pg_catalog.regtype
    ))
