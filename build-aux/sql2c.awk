# Turn migrations into a C file, one table for each folder they lie in:
#
#	awk -f sql2c.awk sql/postgresql/*.sql sql/sqlite/*.sql >migrations.c
#
# A file is named NNNN-WHAT.sql; the number is its version.  The text becomes
# an array of characters, since a string literal may have 4095 at most.

function fail(text) {
	print FILENAME ":" FNR ": " text >"/dev/stderr"
	failed = 1
	exit 1
}

# Characters are written as numbers; SQL here is plain ASCII.
BEGIN {
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
	print "/* Made by sql2c.awk; see sql/. */"
	print "#include \"store/migrations.h\""
}

function begin_file(	parts, n) {
	n = split(FILENAME, parts, "/")
	if (n < 2 || parts[n] !~ /^[0-9]+-.*\.sql$/)
		fail("not named FOLDER/NNNN-WHAT.sql")
	nfiles++
	folder[nfiles] = parts[n - 1]
	name[nfiles] = parts[n]
	if (nfiles > 1)
		print "0 };"
	printf "\nstatic const char sql_%d[] = { /* %s/%s */\n", nfiles,
	    folder[nfiles], name[nfiles]
}

FNR == 1 { begin_file() }

{
	line = ""
	for (i = 1; i <= length($0); i++) {
		c = substr($0, i, 1)
		if (!(c in code))
			fail("not plain ASCII")
		line = line code[c] ","
	}
	print line "10,"
}

function table(which,	i, n) {
	printf "\nconst struct migration %s_migrations[] = {\n", which
	for (i = 1; i <= nfiles; i++)
		if (folder[i] == which) {
			n++
			if (name[i] + 0 != n)
				fail(name[i] " is not number " n)
			printf "\t{ %d, \"%s\", sql_%d },\n", name[i] + 0,
			    name[i], i
		}
	if (n == 0)
		fail("no migrations for " which)
	printf "};\nconst size_t n%s_migrations = %d;\n", which, n
}

END {
	if (failed)
		exit 1
	print "0 };"
	table("postgresql")
	table("sqlite")
	if (failed)
		exit 1
}
