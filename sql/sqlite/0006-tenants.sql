-- 0006  Nothing new: tenants are PostgreSQL's.  Both databases have the same
-- numbers.

INSERT INTO schema_version (version) VALUES (6);
