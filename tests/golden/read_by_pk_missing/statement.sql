select json_build_object('id', t0."id")
from "public"."author" as t0
where (t0."id" = $1::"pg_catalog"."int4")
-- $1 = "99"

select json_build_object('name', t0."name")
from "public"."tag" as t0
where (t0."id" = $1::"pg_catalog"."int4")
-- $1 = "1"
