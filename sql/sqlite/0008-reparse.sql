-- 0008  How far tlsrpt-db reparse has come.

INSERT INTO schema_version (version) VALUES (8);

-- One row: where a run was broken off; NULL where none is under way.
CREATE TABLE reparse (
	report_key	TEXT,	-- the report that was looked at last
	start_time	TEXT,	-- of that report
	program		TEXT	-- version of the program that did so
) STRICT;
INSERT INTO reparse DEFAULT VALUES;
