-- 0008  How far tlsrpt-db reparse has come.

INSERT INTO tlsrpt.schema_version (version) VALUES (8);

CREATE TABLE tlsrpt.reparse (
	report_key	uuid,
	start_time	timestamptz,
	program		text
);
INSERT INTO tlsrpt.reparse DEFAULT VALUES;

COMMENT ON TABLE tlsrpt.reparse IS
	'One row: where a run of tlsrpt-db reparse was broken off; NULL where none is under way.';
COMMENT ON COLUMN tlsrpt.reparse.report_key IS
	'The report that was looked at last; reports go by their keys.';
COMMENT ON COLUMN tlsrpt.reparse.start_time IS
	'start_time of that report.';
COMMENT ON COLUMN tlsrpt.reparse.program IS
	'Version of the program that did so; another one begins anew.';
