-- One database and the role that owns it. Variables: database, role. The role's password is read
-- from a file, so that it is in no command line, and kept out of the server's log.
\set password `cat "$SECRETS/role/password"`
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

SELECT format('CREATE ROLE %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';

SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
ALTER DATABASE :"database" OWNER TO :"role";
-- The other systems' roles have no business here.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
