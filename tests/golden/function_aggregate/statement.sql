select json_build_object('aggregate', json_build_object('count', count(*), 'max', json_build_object('rating', max(t0."rating"))))
from (
  select t0.*
  from "public"."search_articles"("word" => $1::text) as t0) as t0
-- $1 = "e"
