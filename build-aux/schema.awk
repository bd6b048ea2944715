# The reference of tlsrpt-schema(7), from the comments of sql/postgresql:
#
#	awk -f build-aux/schema.awk sql/postgresql/*.sql
#
# A later comment takes an earlier one's place, and what is dropped is gone.

function unquote(text) {
	gsub(/'[ \t]*\n[ \t]*'/, "", text)
	sub(/^[ \t\n]*'/, "", text)
	sub(/'[ \t]*;[ \t]*$/, "", text)
	gsub(/''/, "'", text)
	return text
}

# A line of mdoc for each sentence.
function prose(text) {
	gsub(/\\/, "\\e", text)
	text = sentences(text)
	print text
}

function sentences(text, out, at) {
	out = ""
	while ((at = match(text, /[.:;] [A-Z]/)) > 0) {
		out = out substr(text, 1, at) "\n"
		text = substr(text, at + 2)
	}
	return out text
}

function remember(kind, name, text, parts) {
	sub(/^tlsrpt\./, "", name)
	if (kind == "COLUMN") {
		split(name, parts, ".")
		if (!((parts[1], parts[2]) in column)) {
			order[parts[1], ++columns[parts[1]]] = parts[2]
		}
		column[parts[1], parts[2]] = text
		return
	}
	if (!(name in table))
		tables[++ntables] = name
	table[name] = text
	what[name] = tolower(kind)
}

function forget(name) {
	sub(/^tlsrpt\./, "", name)
	delete table[name]
}

/^DROP (VIEW|TABLE) / {
	name = $NF
	sub(/;$/, "", name)
	forget(name)
}

/^COMMENT ON (TABLE|VIEW|COLUMN) / {
	kind = $3
	name = $4
	text = $0
	sub(/^COMMENT ON [A-Z]+ [^ ]+ IS[ \t]*/, "", text)
	while (text !~ /';[ \t]*$/ && (getline line) > 0)
		text = text "\n" line
	remember(kind, name, unquote(text))
}

END {
	for (i = 1; i <= ntables; i++) {
		name = tables[i]
		if (!(name in table))
			continue
		printf ".Ss The %s %s\n", what[name], name
		prose(table[name])
		if (columns[name] > 0) {
			print ".Bl -tag -width Ds -compact"
			for (j = 1; j <= columns[name]; j++) {
				printf ".It Va %s\n", order[name, j]
				prose(column[name, order[name, j]])
			}
			print ".El"
		}
	}
}
