select coalesce(json_agg(json_build_object('id', t0."id", 'labels', t0."labels")), '[]'::json)
from "public"."article" as t0
where ((t0."labels" @> ($1::text)::"pg_catalog"."text"[]) and (t0."labels" <@ ($2::text)::"pg_catalog"."text"[]) and (t0."labels" <> ($3::text)::"pg_catalog"."text"[]))
-- $1 = "{\"math\"}"
-- $2 = "{\"early\",\"math\",\"x\"}"
-- $3 = "{}"

select coalesce(json_agg(json_build_object('id', t0."id")), '[]'::json)
from "public"."author" as t0
where (t0."nicknames" = ($1::text)::"pg_catalog"."text"[])
-- $1 = "{\"countess\",\"the, first\"}"
