#!/bin/sh
# The login that Parley uses, its database and its extensions. The image of Postgres runs this once, in an empty
# data folder; on a server of your own run it as a superuser: PARLEY_DATABASE_PASSWORD=… sh deploy/postgres/init.sh
#
# No superuser, because it would pass every wall between organisations. CREATEROLE, because every organisation has a
# role of its own. C.UTF-8, because with LC_CTYPE C search loses every letter outside ASCII.
set -eu
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --dbname="${POSTGRES_DB:-postgres}" \
    --username="${POSTGRES_USER:-postgres}" --set=password="$PARLEY_DATABASE_PASSWORD" <<'SQL'
create role parley login createrole nosuperuser password :'password';
create database parley owner parley template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8';
revoke all on database parley from public;
\connect parley
create extension if not exists btree_gin schema public;
create extension if not exists citext schema public;
create extension if not exists pg_trgm schema public;
create extension if not exists unaccent schema public;
SQL
