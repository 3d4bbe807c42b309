#!/bin/sh
# seeds.sh: the part of the install script that holds the rows of data/*.csv, on standard output.
set -eu
cd "$(dirname "$0")/.."

seed() { # table, file, columns
	awk -v table="$1" -v columns="$3" -f sql/csv2sql.awk "data/$2"
}

echo "/* Built from data/ by sql/seeds.sh. */"

seed 'mesteri.routes (method, path, id, function, access, rate_class, area, idempotent, retry_safe, lane, deadline_ms, body_limit, source, seeded)' \
	routes.csv \
	"method, full_path, mesteri.route_id(method, full_path), function, string_to_array(access, ' '), rate_class, area, idempotent,
       retry_safe = 'yes', lane, deadline_ms::integer, body_limit::integer, source, true" |
	sed "s|) AS csv (\(.*\));|) AS csv (\1)\n CROSS JOIN LATERAL (SELECT CASE WHEN path LIKE '/.%' THEN path ELSE '/v1' \|\| path END) AS base (full_path);|"

seed 'mesteri.error_codes (slug, status, retryable, sqlstates, title, message_ro, message_hu, message_en, seeded)' \
	errors.csv \
	"slug, status::integer, retryable = 'yes', string_to_array(sqlstates, ' '), title, message_ro, message_hu, message_en, true"

seed 'mesteri.error_rules (rule, message_ro, message_hu, message_en, seeded)' \
	rules.csv 'rule, message_ro, message_hu, message_en, true'

seed 'mesteri.counties (code, name, seat, location, population, seeded)' \
	counties.csv 'code, name, seat, mesteri.point(lat::float8, lon::float8), population::integer, true'

# The id is the slug's, so that every installation names a trade alike.
seed 'mesteri.craft_categories (id, slug, parent_id, name_ro, name_hu, name_en, display_order, seeded)' \
	categories.csv \
	"mesteri.category_id(slug), slug, mesteri.category_id(parent_slug), name_ro, name_hu, name_en, display_order::integer, true"

seed 'mesteri.common_password_parts (part, position, seeded)' \
	common_passwords.csv 'part, position, true'

seed 'mesteri.erasure_rules (id, class, table_name, column_name, action, path, found_by, condition, value, keep_until, afterwards, ground, seeded)' \
	erasure.csv \
	"mesteri.seeded_id('erasure rule', concat_ws(' ', class, table_name, column_name, found_by)), class, table_name, column_name, action, path,
       found_by, condition, value, keep_until, afterwards, ground, true"

seed 'mesteri.export_tables (table_name, member, parent_table, reason, seeded)' \
	exports.csv 'table_name, member, parent_table, reason, true'
