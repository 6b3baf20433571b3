-- $1: a table. Its columns in order, but for those that are computed from others.
select attname::text as name, format_type(atttypid, null) as type,
       coalesce(attnum = any(pg_index.indkey), false) as is_key
from pg_attribute
left join pg_index on indrelid = attrelid and indisprimary
where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''
order by attnum
